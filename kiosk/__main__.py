"""`python -m kiosk`: the customers' screens, alone."""

from kiosk.cli import main

if __name__ == "__main__":
    main(prog_name="python -m kiosk")
