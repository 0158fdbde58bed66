"""A customer's number on paper: what it says (paper), how it looks (receipt), how it gets there (printer, spool)."""
