// A QR code of text (ISO/IEC 18004): bytes, error correction M, versions 1 to 12, always mask 0, which every reader takes.
// It is drawn here because what it says is secret: nobody else is asked to draw it.
const eccPerBlock = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22];
const blockCounts = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8];

// Of the finite field of 256 elements with 0x11D.
const exponents = new Uint8Array(255), logarithms = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++, x = x << 1 ^ (x >> 7) * 0x11D) {
    exponents[i] = x;
    logarithms[x] = i;
}
const times = (a, b) => a && b ? exponents[(logarithms[a] + logarithms[b]) % 255] : 0;

// The path of an SVG's dark modules, and how many modules a side has.
export function qr(text) {
    const data = new TextEncoder().encode(text);
    const version = eccPerBlock.findIndex((_, v) => v > 0 && data.length + 2 + (v > 9 ? 1 : 0) <= capacity(v));
    if (version < 1) throw new Error("The text is too long for a code.");
    const size = version * 4 + 17;
    const { dark, taken } = frame(version, size);
    place(codewords(data, version), dark, taken, size);
    let path = "";
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (dark[y * size + x]) path += `M${x} ${y}h1v1h-1z`;
    return { path, size };
}

function rawBytes(version) {
    let modules = (16 * version + 128) * version + 64;
    if (version > 1) {
        const marks = Math.floor(version / 7) + 2;
        modules -= (25 * marks - 10) * marks - 55 + (version > 6 ? 36 : 0);
    }
    return modules >> 3;
}

const capacity = version => rawBytes(version) - eccPerBlock[version] * blockCounts[version];

// Mode, length, data, end and padding; then in blocks with their corrections, one byte of each block after the other.
function codewords(data, version) {
    const long = version > 9;
    let bits = "0100" + data.length.toString(2).padStart(long ? 16 : 8, "0") + [...data].map(b => b.toString(2).padStart(8, "0")).join("");
    const room = capacity(version);
    bits = (bits + "0000").slice(0, room * 8);
    bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
    const bytes = bits.match(/.{8}/g).map(b => parseInt(b, 2));
    for (let pad = 0xEC; bytes.length < room; pad ^= 0xEC ^ 0x11) bytes.push(pad);
    const [count, ecc] = [blockCounts[version], eccPerBlock[version]];
    const [short, shortCount] = [Math.floor(room / count), count - room % count];
    const blocks = [];
    for (let i = 0, at = 0; i < count; i++) {
        const length = short + (i < shortCount ? 0 : 1);
        blocks.push(bytes.slice(at, at += length));
    }
    const out = [];
    for (let i = 0; i <= short; i++) for (const block of blocks) if (i < block.length) out.push(block[i]);
    const corrections = blocks.map(block => correction(block, ecc));
    for (let i = 0; i < ecc; i++) for (const c of corrections) out.push(c[i]);
    return out;
}

function correction(block, degree) {
    const divisor = new Array(degree - 1).fill(0).concat(1);
    for (let i = 0, root = 1; i < degree; i++, root = times(root, 2))
        for (let j = 0; j < degree; j++) divisor[j] = times(divisor[j], root) ^ (j + 1 < degree ? divisor[j + 1] : 0);
    const rest = new Array(degree).fill(0);
    for (const byte of block) {
        const factor = byte ^ rest.shift();
        rest.push(0);
        divisor.forEach((d, i) => { rest[i] ^= times(d, factor); });
    }
    return rest;
}

// Everything that is not data: finders, timing, alignment, format and version.
function frame(version, size) {
    const dark = new Uint8Array(size * size), taken = new Uint8Array(size * size);
    const set = (x, y, isDark) => {
        if (x < 0 || y < 0 || x >= size || y >= size) return;
        dark[y * size + x] = isDark ? 1 : 0;
        taken[y * size + x] = 1;
    };
    for (let i = 0; i < size; i++) { set(6, i, i % 2 === 0); set(i, 6, i % 2 === 0); }
    for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]])
        for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) {
            const ring = Math.max(Math.abs(dx), Math.abs(dy));
            set(cx + dx, cy + dy, ring !== 2 && ring !== 4);
        }
    const marks = alignments(version, size);
    for (const cx of marks) for (const cy of marks) {
        if (cx === 6 && (cy === 6 || cy === size - 7) || cx === size - 7 && cy === 6) continue;
        for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }
    // Error correction M and mask 0: five zeros, with their own correction.
    const format = 0x5412, bit = i => format >> i & 1;
    for (let i = 0; i < 6; i++) { set(8, i, bit(i)); set(5 - i, 8, bit(9 + i)); }
    set(8, 7, bit(6)); set(8, 8, bit(7)); set(7, 8, bit(8));
    for (let i = 0; i < 8; i++) set(size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) set(8, size - 15 + i, bit(i));
    set(8, size - 8, 1);
    if (version > 6) {
        let rest = version;
        for (let i = 0; i < 12; i++) rest = rest << 1 ^ (rest >> 11) * 0x1F25;
        const bits = version << 12 | rest;
        for (let i = 0; i < 18; i++) {
            const a = size - 11 + i % 3, b = Math.floor(i / 3);
            set(a, b, bits >> i & 1); set(b, a, bits >> i & 1);
        }
    }
    return { dark, taken };
}

function alignments(version, size) {
    if (version === 1) return [];
    const count = Math.floor(version / 7) + 2, step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
    const found = [6];
    for (let at = size - 7; found.length < count; at -= step) found.splice(1, 0, at);
    return found;
}

// Two columns at a time from the right, up and down in turn, with the mask.
function place(bytes, dark, taken, size) {
    let i = 0;
    for (let right = size - 1; right > 0; right -= 2) {
        if (right === 6) right = 5;
        for (let step = 0; step < size; step++) for (const x of [right, right - 1]) {
            const y = (right + 1 & 2) === 0 ? size - 1 - step : step, at = y * size + x;
            if (taken[at]) continue;
            const isDark = i < bytes.length * 8 && bytes[i >> 3] >> 7 - (i & 7) & 1;
            dark[at] = isDark ^ ((x + y) % 2 === 0 ? 1 : 0);
            i++;
        }
    }
}
