import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from './html.ts';

test('values are escaped, wherever they stand', () => {
  const evil = `<script>alert("1" & '2')</script>`;
  const safe = '&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;';
  assert.equal(html`<a href="${evil}">${evil}</a>`.html, `<a href="${safe}">${safe}</a>`);
});

test('HTML within HTML stays, lists are joined, and what is absent is left out', () => {
  assert.equal(
    html`<p>${html`<b>${'&'}</b>`}${[html`1`, '<', [2]]}${undefined}${false}</p>`.html,
    '<p><b>&amp;</b>1&lt;2</p>',
  );
});
