"""What runs on the board while it is flashed. Short: it is compiled there, in the memory that there is."""

# Who it is and what it can do, as one tuple.
PROBE = """
import os,sys
i=sys.implementation
def has(m):
 try:
  __import__(m)
  return True
 except ImportError:
  return False
try:
 s=os.statvfs(os.getcwd())
except Exception:
 s=(0,)*10
print(repr((i.name,tuple(i.version)[:3],getattr(i,'_machine',''),getattr(i,'_mpy',0),sys.platform,os.getcwd(),
[p for p in sys.path if p[-4:]=='/lib' and p[:4]!='/rom'],has('hashlib'),s[1] or s[0],s[4])))
"""

# w: write base64 to the open file f. t, s: print what is in a folder, a file. c: copy. k: make a folder and those above
# it. x: remove a file or folder with all that is in it. v: sync.
HELPERS = """
import os
from binascii import a2b_base64,hexlify
try:
 from hashlib import sha256
except ImportError:
 sha256=None
def w(b):
 b=a2b_base64(b)
 if f.write(b)!=len(b):
  raise OSError(28)
def h(p):
 if not sha256:
  return ''
 d=sha256()
 b=bytearray(256)
 m=memoryview(b)
 with open(p,'rb') as g:
  while 1:
   n=g.readinto(b)
   if not n:
    return hexlify(d.digest()).decode()
   d.update(m[:n])
def s(p):
 try:
  a=os.stat(p)
 except OSError:
  return
 if a[0]&0x4000:
  print(repr((p,-1,'')))
 else:
  print(repr((p,a[6],h(p))))
def t(p):
 try:
  l=list(os.ilistdir(p))
 except OSError:
  return
 s(p)
 for e in l:
  q=p+'/'+e[0]
  if e[1]&0x4000:
   t(q)
  else:
   s(q)
def c(a,b):
 m=bytearray(256)
 v=memoryview(m)
 with open(a,'rb') as r,open(b,'wb') as o:
  while 1:
   n=r.readinto(m)
   if not n:
    return
   if o.write(v[:n])!=n:
    raise OSError(28)
def k(p):
 i=p.find('/',1)
 while i>0:
  try:
   os.mkdir(p[:i])
  except OSError as e:
   if e.errno!=17:
    raise
  i=p.find('/',i+1)
def x(p):
 try:
  a=os.stat(p)
 except OSError:
  return
 if a[0]&0x4000:
  for e in list(os.ilistdir(p)):
   x(p+'/'+e[0])
  os.rmdir(p)
 else:
  os.remove(p)
def v():
 if hasattr(os,'sync'):
  os.sync()
"""

# A watchdog that runs cannot be stopped, not by a soft reset either: it gets the longest time that the chip knows, and
# is fed with every command.
WATCHDOG = """
from machine import WDT
for _t in (120000,32000,8000):
 try:
  _d=WDT(timeout=_t)
  break
 except ValueError:
  pass
"""
FEED = "_d.feed()\n"

# What a link that does not run on this line can be asked: does the node start?
START = """
import boardpulse
print('started',boardpulse.start({path!r}).device_id)
"""
