"""The screens customers touch: tickets, the wall display, the phone page. Nothing stands here yet."""
