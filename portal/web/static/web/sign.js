/* An auditor's signature, made here with the key file of `steplabel-agent auditor` (PKCS #8 under a password). Key, password and number
   leave this page only as the signature, and the number of a draw, which is public with it. */
"use strict";
(() => {
  const template = document.querySelector("template[data-sign]");
  if (!template || !crypto.subtle) return; // without HTTPS: the command remains
  const { dataset } = template;
  const panel = template.parentElement;
  const form = panel.querySelector("form");
  template.before(template.content.cloneNode(true));
  const told = document.getElementById("sign-told");

  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));

  /* The values inside a DER value, in their order. */
  const der = (bytes) => {
    const found = [];
    for (let at = 0; at < bytes.length; ) {
      at += 1; // the tag
      let length = bytes[at++];
      if (length & 0x80) {
        const digits = bytes.subarray(at, (at += length & 0x7f));
        length = digits.reduce((sum, digit) => sum * 256 + digit, 0);
      }
      found.push(bytes.subarray(at, (at += length)));
    }
    return found;
  };
  const [PBES2, PBKDF2, SHA256, AES256] = ["2a864886f70d01050d", "2a864886f70d01050c", "2a864886f70d0209", "60864801650304012a"];

  /* The private key: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018), which is what the command writes. */
  const load = async (pem, password) => {
    const block = /-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]+)-----END/.exec(pem);
    if (!block) throw new Error("key");
    const whole = der(Uint8Array.from(atob(block[1].replace(/\s/g, "")), (character) => character.charCodeAt(0)));
    const [algorithm, sealed] = der(whole[0]);
    const [scheme, parameters] = der(algorithm);
    const [derivation, cipher] = der(parameters).map(der);
    const [salt, rounds, ...rest] = der(derivation[1]);
    const hash = der(rest[rest.length - 1])[0];
    if ([scheme, derivation[0], hash, cipher[0]].map(hex).join() !== [PBES2, PBKDF2, SHA256, AES256].join()) throw new Error("key");
    const iterations = parseInt(hex(rounds), 16);
    const words = await crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveKey"]);
    const derived = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
    const key = await crypto.subtle.deriveKey(derived, words, { name: "AES-CBC", length: 256 }, false, ["decrypt"]);
    try {
      const plain = await crypto.subtle.decrypt({ name: "AES-CBC", iv: cipher[1] }, key, sealed);
      return await crypto.subtle.importKey("pkcs8", plain, "Ed25519", false, ["sign"]);
    } catch {
      throw new Error("password");
    }
  };

  const put = (message, value) => {
    const at = hex(message).indexOf(dataset.mark) / 2;
    message.set(value, at);
  };

  const sign = async () => {
    const [file] = document.getElementById("sign-key").files;
    if (!file) throw new Error("key");
    const key = await load(await file.text(), document.getElementById("sign-password").value);
    const signed = async (bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes));
    const message = unhex(dataset.message);
    if (dataset.seed) {
      const number = await sha256(await signed(unhex(dataset.seed)));
      const digest = await sha256("steplabel/1 audit nonce\0", number);
      if (dataset.promised && dataset.promised !== hex(digest)) throw new Error("promised");
      const shown = dataset.promised ? number : digest;
      put(message, shown);
      form.elements.number.value = hex(shown);
    }
    const signature = await signed(message);
    const known = await crypto.subtle.importKey("raw", unhex(dataset.public), "Ed25519", false, ["verify"]);
    if (!(await crypto.subtle.verify("Ed25519", known, signature, message))) throw new Error("other");
    form.elements.signature.value = hex(signature);
    form.submit();
  };

  document.getElementById("sign-button").addEventListener("click", async () => {
    told.textContent = "";
    try {
      await sign();
    } catch (error) {
      told.textContent = told.dataset[error.message] ?? told.dataset.key;
    }
  });
})();
