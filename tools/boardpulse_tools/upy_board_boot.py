"""What an emulated board (upy_board.py) runs when it starts: MicroPython's own start of a board, as a program.

It mounts the flash, runs boot.py and main.py, and leaves the rest to the prompt.
"""

PROGRAM = """
def _start(place, flash, size, read_only, identity, memory, isig):
    import os, sys, termios
    block = 4096 if flash == "lfs2" else 512
    class Disk:
        def __init__(self):
            self.file = open(place, "r+b")
        def readblocks(self, number, buf, off=0):
            self.file.seek(number * block + off)
            self.file.readinto(buf)
        def writeblocks(self, number, buf, off=0):
            self.file.seek(number * block + off)
            self.file.write(buf)
        def ioctl(self, op, arg):
            return size // block if op == 4 else block if op == 5 else 0
    if flash == "folder":
        os.chdir(place)
        root = place
    else:
        kind = os.VfsLfs2 if flash == "lfs2" else os.VfsFat
        disk = Disk()
        root = "/flash"
        try:
            os.mount(kind(disk), root, readonly=read_only)
        except OSError:
            kind.mkfs(disk)
            os.mount(kind(disk), root, readonly=read_only)
        os.chdir(root)
    sys.path[:] = ["", ".frozen", root + "/lib"]
    sys.argv[:] = []
    if identity:
        real = sys
        class Sys:
            def __getattr__(self, name):
                return getattr(real, name)
        class Implementation:
            name, version, _machine, _mpy = identity
        Sys.implementation = Implementation
        sys.modules["sys"] = Sys()
    if memory:
        os.putenv("BOARDPULSE_MEMORY", memory)
    mode = termios.tcgetattr(0)
    mode[3] |= isig  # from now on the line's Ctrl-C is to interrupt
    termios.tcsetattr(0, termios.TCSANOW, mode)

def _run(name):
    import os, sys
    try:
        with open(name) as file:
            program = compile(file.read(), name, "exec")
    except OSError:
        return
    except BaseException as error:
        sys.print_exception(error)
        return
    try:
        exec(program, globals())
    except SystemExit:
        os.system("kill -USR1 $PPID")
    except BaseException as error:
        sys.print_exception(error)
"""
