# What a board needs of shared_schema, for MicroPython's build: encoders, framing and the reading of commands. A bridge
# also needs what parses frames that go up: columns, frame, hello, parse and the catalogue. Another manifest takes this
# one with include("…/shared_schema/manifest.py"); package.json lists the same files for mip.

metadata(version="0.1.0", description="The boardpulse wire protocol: encoders, framing and commands for a board.")

package(
    "shared_schema",
    files=(
        "__init__.py",
        "batches.py",
        "cbor.py",
        "cbor_reader.py",
        "check.py",
        "commands.py",
        "encode.py",
        "errors.py",
        "framing.py",
        "messages.py",
    ),
    base_path="..",
    opt=3,
)
