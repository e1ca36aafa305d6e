// Runs calls of Express Gateway's admin client, its only way to change the configuration: `eg` has
// no command for it. Calls are [area, method, ...arguments]; prints a JSON list of what came back.
//
//   node eg_configuration.js <folder of express-gateway> <url> <token> < calls.json
const path = require('path');

const [home, baseUrl, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const { config } = require(path.join(home, 'admin'))({ baseUrl, headers });

let input = '';
process.stdin.on('data', chunk => { input += chunk; });
process.stdin.on('end', async () => {
  const found = [];
  for (const [area, method, ...more] of JSON.parse(input)) {
    try {
      found.push(await config[area][method](...more));
    } catch (error) {
      found.push(`${error.status} ${error.response && error.response.text}`);
    }
  }
  process.stdout.write(JSON.stringify(found));
});
