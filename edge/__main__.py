"""`python -m edge`: the eyes alone."""

from edge.cli import main

if __name__ == "__main__":
    main(prog_name="python -m edge")
