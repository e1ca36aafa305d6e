// Runs several commands of Express Gateway's `eg` in one process: starting Node and reading its
// 600 modules takes longer than all that they do. Each command is parsed and run by the package's
// own bin/environment.js, as bin/index.js does it.
//
//   node eg_session.js <folder of express-gateway> < commands.json
//
// Commands are lists of arguments; the answer is a JSON list of what each printed.
const path = require('path');

const home = path.resolve(process.argv[2]);
const parts = ['yargs', 'yargs/yargs', path.join(home, 'bin', 'environment.js')];
const found = parts.map(name => require.resolve(name, { paths: [home] }));
const texts = [];
let printed = '';

function anew () {
  // Its parser remembers the command before.
  found.forEach(name => { delete require.cache[name]; });
  return require(found[2]);
}

async function run (words) {
  printed = '';
  process.argv = [process.argv[0], path.join(home, 'bin', 'index.js'), ...words];
  const { bootstrap } = anew();
  const { program, env } = bootstrap({ get config () { return require(path.join(home, 'lib/config')); } });
  const original = env.run.bind(env);
  let done = Promise.resolve();
  env.run = (...more) => { done = original(...more); return done; };
  program.parse(words);
  await done;
  texts.push(printed);
}

let input = '';
process.stdin.on('data', chunk => { input += chunk; });
process.stdin.on('end', async () => {
  const write = process.stdout.write.bind(process.stdout);
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = chunk => { printed += chunk; return true; };
  }
  process.on('uncaughtException', error => { printed += error.stack; process.exit(1); });
  process.on('exit', code => { if (code) write(printed); });
  for (const words of JSON.parse(input)) {
    await run(words);
  }
  write(JSON.stringify(texts));
  process.exit(0);
});
