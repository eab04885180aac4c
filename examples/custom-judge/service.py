"""A service that starts, works and stops; `--broken` lets it lose its disk and still exit with 0."""

import sys


def main(arguments):
    print("INFO  listening on port 8080")
    print("ERROR cache is cold, reading from disk")
    if "--broken" in arguments:
        print("ERROR cannot write /data/orders: no space left on device")
    print("INFO  12 orders stored, shutting down")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
