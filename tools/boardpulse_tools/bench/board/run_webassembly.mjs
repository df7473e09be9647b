// Runs a program in parts on a 32-bit MicroPython, with the files of a folder in its file system.
//
//   node run_webassembly.mjs MICROPYTHON.mjs FOLDER HEAP_BYTES  <  [{"code": …, "times": …, "loop_ms": …}, …]
//
// This build collects garbage only while no Python code runs, so that each part is a call of its own, and so is every
// collection: two after each part. `loop_ms` is for how long asyncio's tasks run before a part.
// At the end, prints a line "opened PATH" for each .mpy file that was loaded.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [interpreter, folder, heap] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(interpreter));
const mp = await loadMicroPython({ heapsize: Number(heap), stdout: (line) => console.log(line), linebuffer: true });

const top = '/flash';
function copy(from, to) {
  mp.FS.mkdir(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.posix.join(to, entry.name)];
    if (entry.isDirectory()) copy(source, target);
    else mp.FS.writeFile(target, fs.readFileSync(source));
  }
}
copy(folder, top);
mp.FS.chdir(top);

const opened = new Set();
const open = mp.FS.open;
mp.FS.open = (name, ...rest) => {
  const stream = open(name, ...rest);
  if (String(name).endsWith('.mpy')) opened.add(path.posix.relative(top, path.posix.resolve(top, name)));
  return stream;
};

mp.runPython(`import gc, sys\nsys.path[:] = ['.frozen', '${top}/lib', '${top}']`);
try {
  for (const { code, times, loop_ms: loopMs } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    if (loopMs) await setTimeout(loopMs);
    for (let i = 0; i < times; i++) {
      mp.runPython(code);
      mp.runPython('gc.collect()');
      mp.runPython('gc.collect()');
    }
  }
  for (const name of opened) console.log(`opened ${name}`);
  process.exit(0); // tasks that still wait are of no interest
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
