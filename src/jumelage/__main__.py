"""Run the command line with `python -m jumelage`."""

from jumelage.cli import main

if __name__ == "__main__":
    main()
