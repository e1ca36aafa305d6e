// Checks that tests run inside pages: each returns what is wrong, as words.
({
// What is wrong in the page, as words; nothing is loaded for it.
labels: () => {
  const wrong = [];
  const named = (one) => (one.labels && one.labels.length && one.labels[0].innerText.trim())
    || one.getAttribute('aria-label') || one.innerText?.trim() || one.getAttribute('aria-labelledby');
  for (const one of document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a, summary, meter, [role=img]'))
    if (one.checkVisibility() && !named(one)) wrong.push('no name: ' + one.outerHTML.slice(0, 120));
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push('twice: #' + id);
  for (const one of document.querySelectorAll('[aria-describedby], [aria-labelledby]'))
    for (const id of `${one.getAttribute('aria-describedby') ?? ''} ${one.getAttribute('aria-labelledby') ?? ''}`.split(' '))
      if (id && id !== 'change-title' && !document.getElementById(id)) wrong.push('points nowhere: ' + id);
  if (document.querySelectorAll('h1').length !== 1) wrong.push('h1: ' + document.querySelectorAll('h1').length);
  let level = 1;
  for (const one of document.querySelectorAll('main h1, main h2, main h3, main h4')) {
    const now = Number(one.tagName[1]);
    if (now > level + 1) wrong.push('heading skipped: ' + one.innerText);
    level = now;
  }
  for (const one of document.querySelectorAll('table'))
    if (!one.querySelector('th')) wrong.push('a table without headings');
  if (document.documentElement.lang !== 'en') wrong.push('no language');
  return wrong;
},

// WCAG 2.2, 1.4.3: 4.5 to 1 for text, 3 to 1 for large text; colours are drawn to learn their sRGB.
contrast: () => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const part = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const found = rgba(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  const wrong = new Set();
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.nodeValue.trim());
    if (!own || !one.checkVisibility() || one.closest('.unseen, .skip, svg, :disabled')) continue;
    const style = getComputedStyle(one);
    const [a, b] = [light(rgba(style.color)), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) wrong.add(`${ratio.toFixed(2)}: ${one.className} ${one.innerText.slice(0, 40)}`);
  }
  return [...wrong];
},

focus: () => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = (one.closest('.choice') ?? one).getBoundingClientRect();
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return {tag: one.tagName, text: (one.innerText || one.id || '').slice(0, 40), ring, top: box.top + scrollY, inMain: !!one.closest('main')};
},

// WCAG 2.2, 2.5.8: what is touched is at least 24 by 24, its label counted in.
targets: () => [...document.querySelectorAll('button, .button, select, input:not([type=hidden])')]
  .filter((one) => one.checkVisibility())
  .filter((one) => (one.closest('.choice, .tick') ?? one).getBoundingClientRect().height < 24)
  .map((one) => one.outerHTML.slice(0, 80)),

})
