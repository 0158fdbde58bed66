"""`python -m broker`: the memory of the shop, alone."""

from broker.cli import main

if __name__ == "__main__":
    main(prog_name="python -m broker")
