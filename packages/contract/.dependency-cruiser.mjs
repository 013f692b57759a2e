// What every package obeys; which packages may be imported is decided at the root.
export default { extends: '../../tools/dependency-base.mjs', forbidden: [] };
