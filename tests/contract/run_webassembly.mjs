// Runs a Python script of this repository on a 32-bit MicroPython: its modules are copied into the interpreter's file system.
//
//   node run_webassembly.mjs MICROPYTHON.mjs REPOSITORY HEAP_BYTES SCRIPT ARGUMENT…  <  the other files to copy, a path a line
//
// Paths are relative to the repository. Exits with the script's status.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [interpreter, repository, heap, script, ...rest] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(interpreter));
const mp = await loadMicroPython({ heapsize: Number(heap), stdout: (line) => console.log(line), linebuffer: true });

const top = '/repository';
mp.FS.mkdir(top);
const files = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
for (const file of new Set([script, ...files])) {
  const parts = file.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = path.posix.join(top, ...parts.slice(0, depth));
    if (!mp.FS.analyzePath(folder).exists) mp.FS.mkdir(folder);
  }
  mp.FS.writeFile(path.posix.join(top, file), fs.readFileSync(path.join(repository, file)));
}
mp.FS.chdir(top);

// sys.argv is empty here and sys.exit() comes back as an exception, so that both are made up for.
const start = `
import sys
sys.path[:] = [${JSON.stringify(top)}]
sys.argv[:] = ${JSON.stringify([script, ...rest])}
status = 0
try:
    with open(${JSON.stringify(script)}) as file:
        exec(file.read(), {"__name__": "__main__"})
except SystemExit as error:
    status = error.args[0] if error.args else 0
`;
try {
  mp.runPython(start);
  process.exitCode = mp.globals.get('status');
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
