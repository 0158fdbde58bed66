"""`python -m deploy` is `greetline`."""

from deploy.cli import main

if __name__ == "__main__":
    main(prog_name="greetline")
