#!/usr/bin/env python3
"""Asks a Lua language server what it thinks of a folder of scripts.

    diagnose.py SERVER FOLDER [LIBRARY]

SERVER is the command of a server that speaks the language server protocol on its standard streams, such as
lua-language-server or emmylua_ls; FOLDER holds the scripts; LIBRARY is a folder of stubs (stdlib-lua/meta by default).
Prints a line for each diagnostic and exits with 1 if there was one.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import shutil
import threading
import time


class Server:
    def __init__(self, command, root):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root)
        self.root = root
        self.next = 0
        self.answers = {}
        self.diagnostics = {}
        threading.Thread(target=self.listen, daemon=True).start()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def listen(self):
        stream = self.process.stdout
        while True:
            length = 0
            while line := stream.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            message = json.loads(stream.read(length))
            if message.get("method") == "textDocument/publishDiagnostics":
                self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
            elif "method" in message and "id" in message:
                wanted = message.get("params", {}) or {}
                result = [None] * len(wanted.get("items", [])) if message["method"] == "workspace/configuration" else None
                self.send({"id": message["id"], "result": result})
            elif "id" in message:
                self.answers[message["id"]] = message

    def ask(self, method, params, seconds=60):
        self.next += 1
        self.send({"id": self.next, "method": method, "params": params})
        end = time.time() + seconds
        while time.time() < end:
            if self.next in self.answers:
                return self.answers.pop(self.next)
            time.sleep(0.02)
        raise TimeoutError(method)


def main():
    command, folder = sys.argv[1].split(), pathlib.Path(sys.argv[2]).resolve()
    here = pathlib.Path(__file__).resolve().parents[2]
    library = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else here / "stdlib-lua/meta").resolve()
    with tempfile.TemporaryDirectory() as root:
        # One folder with the scripts and the stubs, as `rhoscript init` lays them out.
        root = pathlib.Path(root)
        shutil.copytree(folder, root / "scripts")
        shutil.copytree(library, root / "types")
        settings = {
            "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
            "runtime": {"version": "Lua5.4"}, "workspace": {"library": ["types"]},
            "diagnostics": {"globals": ["describe", "it", "before_each", "expect"]},
        }
        (root / ".luarc.json").write_text(json.dumps(settings))
        # An element of a list is taken to be there, as lua-language-server does.
        (root / ".emmyrc.json").write_text(json.dumps({"strict": {"arrayIndex": False}}))
        server = Server(command, root)
        server.ask("initialize", {
            "processId": None, "rootUri": root.as_uri(), "workspaceFolders": [{"uri": root.as_uri(), "name": "scripts"}],
            "capabilities": {"textDocument": {"publishDiagnostics": {}, "diagnostic": {}}, "workspace": {"configuration": True}},
        })
        server.send({"method": "initialized", "params": {}})
        time.sleep(3)
        files = sorted((root / "scripts").rglob("*.lua")) + sorted((root / "types").rglob("*.lua"))
        count = 0
        for file in files:
            uri = file.as_uri()
            server.send({"method": "textDocument/didOpen", "params": {"textDocument": {
                "uri": uri, "languageId": "lua", "version": 1, "text": file.read_text()}}})
            answer = server.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
            found = (answer.get("result") or {}).get("items")
            if found is None:
                time.sleep(1)
                found = server.diagnostics.get(uri, [])
            for item in found:
                if item.get("severity", 1) > 2:
                    continue
                count += 1
                line = item["range"]["start"]["line"] + 1
                print(f"{file.relative_to(root)}:{line}: {item.get('code')}: {item['message']}")
        print(f"{len(files)} files, {count} warnings")
        server.process.kill()
        sys.exit(1 if count else 0)


main()
