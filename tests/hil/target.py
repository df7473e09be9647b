"""The board behind its port: the flash tool's session, which also starts a program and lets its bytes through."""

import socket
import time
from dataclasses import dataclass
from typing import Self

from boardpulse_tools.flash.errors import ScriptError
from boardpulse_tools.flash.transport import Session

FOLDER = "bp_hil"  # ours on the board
WRITE_S = 5.0  # a board that takes nothing for so long does not take anything
SILENT_S = 5.0  # what runs may have to say bye first
ASK_EVERY_S = 0.5
QUESTION = b"\0\r\x03\r\x01"  # the answer is a prompt, or the banner of the raw REPL
INTERRUPT = b"\0\r\x03"  # ends what was cut short; then Ctrl-C between two frames (firmware/boardpulse/links/repl.py)

# Prints names of what this MicroPython lacks. Imports nothing that a start of the firmware would not.
_LACKS = """
import os,sys
def look(what,code):
 try:
  exec(code)
 except Exception as error:
  print('%s|%s: %s'%(what,type(error).__name__,error))
look('mount','import os\\nif not hasattr(os,"mount"):\\n import vfs')
look('getcwd','import os\\nos.getcwd()')
look('time','import time\\ntime.ticks_ms\\ntime.ticks_us\\ntime.ticks_diff\\ntime.ticks_add\\ntime.sleep_ms')
look('array','import array')
look('struct','import struct\\nstruct.pack_into')
look('binascii','from binascii import a2b_base64')
look('stdin','import sys\\nsys.stdin.buffer\\nsys.stdout.buffer.write')
look('poll','import select,sys\\np=select.poll()\\np.register(sys.stdin,select.POLLIN)\\nlist(p.ipoll(0))')
look('kbd_intr','from micropython import kbd_intr')
look('network','import network')
look('Pin','from machine import Pin')
look('ADC','from machine import ADC')
look('UART','from machine import UART')
import gc
gc.collect()
print('free|%d'%gc.mem_free())
"""


_LIST = """
import os
for a in (ROOT,LIB):
 try:
  for e in os.ilistdir(a):
   print('%s/%s|%d'%(a,e[0],e[3] if len(e)>3 else -1))
 except OSError:
  pass
"""


@dataclass(frozen=True, slots=True)
class Abilities:
    """`lacks`: what the board has not → what it says when it is asked for it."""

    lacks: dict[str, str]
    free_bytes: int


class Target(Session):
    """A session that the board's own frames also go through."""

    def __init__(self, port: str) -> None:
        super().__init__(port)
        if not port.startswith("rfc2217://"):  # for which pyserial knows none
            self._line.serial.port.write_timeout = WRITE_S
        connection = getattr(self._line.serial.port, "_socket", None)
        if connection is not None:  # socket:// and rfc2217://: each short command would wait for what it answers
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._has_spoken = False

    def __enter__(self) -> Self:
        return self

    def enter(self) -> None:
        """As in the flash tool, but a board that does not say anything at all is given up soon."""
        asked_at, until = 0.0, time.monotonic() + SILENT_S
        while not self._has_spoken:
            if time.monotonic() > until:
                raise self._no_repl()
            if time.monotonic() > asked_at + ASK_EVERY_S:
                asked_at = time.monotonic()
                self.send(QUESTION)
            self._has_spoken = bool(self.received())
        super().enter()

    def begin(self, code: str) -> None:
        """Start a program and do not wait for its end."""
        with self._guarded():
            self._line.exec_raw_no_follow(code)

    def send(self, data: bytes) -> None:
        """Bytes to the program that runs."""
        with self._guarded():
            self._line.serial.write(data)

    def abilities(self) -> Abilities:
        """Ask the board what it has."""
        lines = [line.partition("|") for line in self.run(_LACKS).splitlines() if "|" in line]
        found = {name: rest for name, _, rest in lines}
        return Abilities({name: why for name, why in found.items() if name != "free"}, int(found["free"]))

    def listing(self, folder: str) -> list[tuple[str, int]]:
        """Names and sizes in a folder and in its folder lib, ours left out; empty where they cannot be listed."""
        code = _LIST.replace("ROOT", repr(folder or "/")).replace("LIB", repr(f"{folder}/lib"))
        try:
            lines = self.run(code).splitlines()
        except ScriptError:
            return []
        found = [line.partition("|") for line in lines if "|" in line]
        return sorted((name, int(size)) for name, _, size in found if not name.endswith("/" + FOLDER))
