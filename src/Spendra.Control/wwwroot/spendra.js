// What a browser alone can do: forms of people who are not signed in, passkeys, copying, light and dark.
const api = "/api/v1/";

// Whoever calls these is not signed in yet, and has no token to send.
const forAnybody = new Set(["setup", "session", "session/two-factor", "session/passkey", "session/passkey/options", "session/password-link"]);

async function call(method, path, body) {
    const headers = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (method !== "GET" && !forAnybody.has(path)) {
        const token = await antiforgery();
        if (token) headers["x-spendra-antiforgery"] = token;
    }
    const response = await fetch(api + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refusal(answer, response.status);
    return answer;
}

class Refusal extends Error {
    constructor(problem, status) {
        const fields = Object.entries(problem.errors ?? {}).map(([field, reasons]) => `${field} ${reasons.join(" ")}`);
        super([problem.detail ?? `The server answered ${status}.`, ...fields].join(" ") + (problem.requestId ? ` Request ${problem.requestId}.` : ""));
        this.needsSignIn = (problem.type ?? "").endsWith("sign-in-again");
    }
}

async function antiforgery() {
    const response = await fetch(api + "session", { credentials: "same-origin" });
    return response.ok ? (await response.json()).antiforgeryToken : null;
}

// Only a path of this site: a link must not lead elsewhere after signing in.
function next() {
    const then = new URL(new URLSearchParams(location.search).get("then") ?? "/", location.origin);
    return then.origin === location.origin ? then.href : "/";
}

const invitationKey = "spendra-invitation";
const secretOfLink = () => decodeURIComponent(location.hash.slice(1));

const forms = {
    async "sign-in"(fields, form) {
        const answer = form.dataset.ticket
            ? await call("POST", "session/two-factor", { ticket: form.dataset.ticket, ...codeOf(fields.code) })
            : await call("POST", "session", { email: fields.email, password: fields.password });
        if (answer.state !== "two_factor") return location.assign(next());
        form.dataset.ticket = answer.ticket;
        form.querySelectorAll("[data-step='1']").forEach(e => { e.hidden = true; e.querySelectorAll("input").forEach(i => i.required = false); });
        const second = form.querySelector("[data-step='2']");
        second.hidden = false;
        second.querySelector("input").focus();
    },
    async "setup"(fields) {
        await call("POST", "setup", { secret: secretOfLink(), organization: fields.organization, organizationName: fields.organizationName || undefined, timeZone: fields.timeZone || undefined, email: fields.email, name: fields.name, password: fields.password });
        await call("POST", "session", { email: fields.email, password: fields.password });
        location.assign(`/org/${encodeURIComponent(fields.organization)}/welcome`);
    },
    async "invitation"() {
        const secret = secretOfLink() || sessionStorage.getItem(invitationKey);
        if (!await antiforgery()) {
            // Whoever signs in comes back here; what is behind '#' would not.
            sessionStorage.setItem(invitationKey, secret);
            return location.assign("/sign-in?then=/invitation");
        }
        const membership = await call("POST", "invitations/accept", { secret });
        sessionStorage.removeItem(invitationKey);
        location.assign(`/org/${encodeURIComponent(membership.organization)}/`);
    },
    async "password-link"(fields) {
        await call("POST", "session/password-link", { ticket: secretOfLink(), newPassword: fields.password });
        location.assign("/sign-in");
    },
    async "password"(fields, form) {
        await call("PUT", "session/password", { currentPassword: fields.current || undefined, newPassword: fields.password });
        form.reset();
        form.querySelector("[data-done]").textContent = "It is changed.";
    },
    async "totp-confirm"(fields, form) {
        showCodes(await call("POST", "session/totp/confirm", { code: fields.code }));
        form.hidden = true;
    },
    async "passkey-add"(fields) {
        const begun = await call("POST", "session/passkeys/options");
        const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(begun.options) });
        await call("POST", "session/passkeys", { ticket: begun.ticket, name: fields.name, credential: credential.toJSON() });
        location.reload();
    },
};

function showCodes(answer) {
    const region = document.getElementById("codes");
    document.getElementById("codes-text").textContent = answer.recoveryCodes.join("\n");
    region.hidden = false;
    region.scrollIntoView({ block: "nearest" });
}

const codeOf = text => /^\d{6}$/.test(text.trim()) ? { code: text.trim() } : { recoveryCode: text.trim() };

const actions = {
    theme() {
        const root = document.documentElement;
        const isDark = root.dataset.theme === "dark" || (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
        root.dataset.theme = isDark ? "light" : "dark";
        document.cookie = `spendra-theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    },
    async "sign-out"() {
        await call("POST", "session/sign-out");
        location.assign("/sign-in");
    },
    async passkey() {
        const begun = await call("POST", "session/passkey/options");
        const options = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
        const credential = await navigator.credentials.get({ publicKey: options });
        await call("POST", "session/passkey", { ticket: begun.ticket, credential: credential.toJSON() });
        location.assign(next());
    },
    async "sign-out-everywhere"() {
        await call("POST", "session/sign-out-everywhere");
        location.assign("/sign-in");
    },
    async "totp-begin"(button) {
        const { qr } = await import("./qr.js");
        const answer = await call("POST", "session/totp");
        const { path, size } = qr(answer.uri);
        const picture = document.getElementById("totp-picture");
        picture.setAttribute("viewBox", `-4 -4 ${size + 8} ${size + 8}`);
        picture.firstElementChild.setAttribute("d", path);
        document.getElementById("totp-secret").textContent = answer.secret;
        document.getElementById("totp-link").href = answer.uri;
        document.getElementById("totp").hidden = false;
        button.hidden = true;
        document.getElementById("code").focus();
    },
    async "totp-disable"() {
        await call("POST", "session/totp/disable");
        location.reload();
    },
    "recovery-codes": async () => showCodes(await call("POST", "session/recovery-codes")),
    async "passkey-remove"(button) {
        await call("POST", `session/passkeys/${button.dataset.id}/remove`);
        location.reload();
    },
    reload: () => location.reload(),
    async copy(button) {
        const source = document.getElementById(button.dataset.source);
        await navigator.clipboard.writeText(source.textContent.trim());
        const text = button.textContent;
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = text; }, 2000);
    },
};

function say(error, place) {
    const region = place?.querySelector("[data-error]") ?? document.querySelector("[data-error]");
    if (!region) return;
    region.textContent = error.message;
    if (error.needsSignIn) {
        const link = document.createElement("a");
        link.href = `/sign-in?then=${encodeURIComponent(location.pathname)}`;
        link.textContent = "Sign in again";
        region.append(" ", link);
    }
    if (error.message) region.scrollIntoView({ block: "nearest" });
}

document.addEventListener("submit", async event => {
    const form = event.target.closest("form[data-form]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    say({ message: "" }, form);
    try {
        await forms[form.dataset.form](Object.fromEntries(new FormData(form)), form);
    } catch (error) {
        say(error, form);
    } finally {
        button.disabled = false;
    }
});

document.addEventListener("click", async event => {
    const button = event.target.closest("[data-action]");
    if (!button) return;
    try {
        await actions[button.dataset.action](button);
    } catch (error) {
        say(error);
    }
});

// What was followed to open a drawer has the keyboard again once the drawer is gone.
let opener = null;
document.addEventListener("focusin", event => {
    if (event.target.matches(".drawer") && event.relatedTarget) opener = event.relatedTarget;
});
new MutationObserver(() => {
    if (!opener || document.querySelector(".drawer")) return;
    const place = opener.isConnected ? opener : opener.href && [...document.links].find(link => link.href === opener.href);
    opener = null;
    if (document.activeElement === document.body || !document.activeElement) place?.focus({ preventScroll: true });
}).observe(document.body, { childList: true, subtree: true });
