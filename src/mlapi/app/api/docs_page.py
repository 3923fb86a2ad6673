"""The documentation pages themselves, and what they may do."""

from typing import Final

from mlapi.app.api.docs_paths import ASSETS

# Swagger UI and ReDoc write style elements; ReDoc searches in a worker that it makes from a blob. Neither may reach
# another host: ReDoc's logo and Swagger UI's validator badge would.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# Separate files, since the policy forbids inline scripts. Addresses are relative, so that they hold below any prefix.
STARTERS: Final = {
    # Swagger UI writes a snippet for the request that was filled in; its own bundle knows curl only.
    "swagger.js": """\
const headersOf = (request) => Object.entries(request.get("headers")?.toJS() ?? {});
const textOf = (request) => (typeof request.get("body") === "string" ? request.get("body") : null);
const python = (request) => {
  const headers = headersOf(request).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const body = textOf(request);
  return [
    "import urllib.request",
    "",
    "headers = {", ...headers, "}",
    ...(body === null ? ["body = None"] : [`body = ${JSON.stringify(body)}.encode()`]),
    `request = urllib.request.Request("${request.get("url")}", body, headers, method="${request.get("method")}")`,
    "with urllib.request.urlopen(request) as response:",
    "    print(response.read().decode())",
  ].join("\\n");
};
const javascript = (request) => {
  const body = textOf(request);
  return [
    `const response = await fetch("${request.get("url")}", {`,
    `  method: "${request.get("method")}",`,
    `  headers: ${JSON.stringify(Object.fromEntries(headersOf(request)), null, 2).replaceAll("\\n", "\\n  ")},`,
    ...(body === null ? [] : [`  body: ${JSON.stringify(body)},`]),
    "});",
    "console.log(await response.text());",
  ].join("\\n");
};
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  persistAuthorization: false,
  requestSnippetsEnabled: true,
  requestSnippets: {
    generators: {
      curl_bash: {title: "curl", syntax: "bash"},
      python: {title: "Python", syntax: "python"},
      javascript: {title: "JavaScript", syntax: "javascript"},
    },
    languages: ["curl_bash", "python", "javascript"],
    defaultExpanded: true,
  },
  plugins: [{fn: {requestSnippetGenerator_python: python, requestSnippetGenerator_javascript: javascript}}],
});
""",
    "redoc.js": """\
Redoc.init("openapi.json", {hideLoading: true, nativeScrollbars: true}, document.getElementById("page"));
""",
}
PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{style}</head>
<body style="margin: 0">
<div id="page"></div>
{scripts}</body>
</html>
"""


def page(title: str, scripts: tuple[str, ...], style: str | None = None) -> str:
    """An HTML page that loads some assets."""
    link = f'<link rel="stylesheet" href="{ASSETS[1:]}/{style}">\n' if style else ""
    loads = "".join(f'<script src="{ASSETS[1:]}/{script}"></script>\n' for script in scripts)
    return PAGE.format(title=title, style=link, scripts=loads)
