# shellcheck shell=bash
# Sourced: the validators of OpenAPI documents and JSON schemas, from PyPI in a virtual environment of their own.

# shellcheck disable=SC2034 # for those who source this
validators=$ROOT/.build/venv-schemas/bin

ensure_validators() {
    if [[ -x $validators/openapi-spec-validator ]] && "$validators/python" -c 'import regex' 2>/dev/null; then return; fi
    say "Installing validators in ${validators%/bin}"
    python3 -m venv "${validators%/bin}"
    "$validators/pip" install -q --disable-pip-version-check openapi-spec-validator==0.7.2 regex==2024.11.6
}
