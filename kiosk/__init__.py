"""The screens of the customers: the one that gives tickets, and the wall that says who is called to where."""
