// A module of its own: a bundle hands out no named exports of a CommonJS package that is imported lazily.
export { EnvHttpProxyAgent, interceptors } from 'undici';
