"""A file system in the memory of a board whose flash cannot be written: what a program that is sent there defines.

A dictionary of names and pieces takes no more than the files do, and fills the holes of a small heap. A FAT or
littlefs volume in a block device of RAM would round each file up to its blocks, want one large piece of memory, and be
missing in a MicroPython that has neither.
"""

FOLDER = "/bp_hil"
# Loaded once and for good: as they are read, their memory is given back to what is made of them.
ONCE = ("lib/boardpulse/__init__.mpy", "lib/boardpulse/start.mpy", "lib/board.mpy", "lib/hil_app.mpy")

# A MicroPython without io.IOBase takes a file only in one piece.
# Session.write() sends open(path, 'wb'), w(base64) in pieces, and close(). 4 is MicroPython's MP_STREAM_CLOSE.
MOUNT = f"""
import gc,io,os
from binascii import a2b_base64
class W:
 def __init__(self,parts):
  self.parts=parts
 def write(self,data):
  gc.collect()
  self.parts.append(data)
 def close(self):
  pass
class R(getattr(io,'IOBase',object)):
 def __init__(self,parts,once):
  self.parts=parts
  self.once=once
  self.part=self.at=0
 def readinto(self,buf):
  n=0
  while n<len(buf) and self.part<len(self.parts):
   data=self.parts[self.part]
   k=min(len(buf)-n,len(data)-self.at)
   buf[n:n+k]=data[self.at:self.at+k]
   n+=k
   self.at+=k
   if self.at==len(data):
    if self.once:
     self.parts[self.part]=data=None
    self.part+=1
    self.at=0
  return n
 def ioctl(self,what,value):
  return 0 if what==4 else -1
class RamDisk:
 def __init__(self):
  self.files={{}}
 def mount(self,readonly,mkfs):
  pass
 def umount(self):
  pass
 def open(self,path,mode):
  path=path.strip('/')
  if 'w' in mode:
   self.files[path]=[]
   return W(self.files[path])
  if path not in self.files:
   raise OSError(2)
  once=path in {ONCE!r}
  parts=self.files.pop(path) if once else self.files[path]
  if hasattr(io,'IOBase'):
   return R(parts,once)
  return io.BytesIO(b''.join(parts))
 def stat(self,path):
  path=path.strip('/')
  if path in self.files:
   return (0x8000,0,0,0,0,0,sum([len(one) for one in self.files[path]]),0,0,0)
  path+='/'
  for name in self.files:
   if path=='/' or name.startswith(path):
    return (0x4000,0,0,0,0,0,0,0,0,0)
  raise OSError(2)
def w(b):
 f.write(a2b_base64(b))
mount=getattr(os,'mount',None)
if not mount:
 from vfs import mount
mount(RamDisk(),{FOLDER!r})
"""

# Give back what was needed to write.
DONE = "del f,w,W\nimport gc\ngc.collect()\n"
