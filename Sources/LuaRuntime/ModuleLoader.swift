import CLua
import CLuaShims
import Glibc
import RhoCore

struct Library {
    let source: String
    let strict: Bool
}

/// What `require` can find, and what it has found.
struct ModuleLoader {
    /// Names of native modules.
    var natives: [String] = []
    var libraries: [String: Library] = [:]
    /// `package.loaded`.
    var cache: LuaTable?
    /// Names being loaded, outermost first.
    var loading: [String] = []
    /// Directory of the script.
    var root = "."
    var files: [LoadedFile] = []
    /// Names of modules that came from user files.
    var userModules: [String] = []

    func isKnown(_ name: String) -> Bool { libraries[name] != nil || natives.contains(name) }
}

extension LuaState {
    /// Every user file that ran here, in the order of loading, with its bytes.
    public var loadedFiles: [LoadedFile] { modules.files }

    func loadUserFile(_ path: String) throws(RhoError) -> [UInt8] {
        let bytes = try Files.read(path)
        modules.files.append(LoadedFile(path: path, bytes: bytes))
        return bytes
    }

    /// Pushes the module's value, loading it if it is not in `package.loaded` yet.
    func requireModule(_ name: String) throws {
        guard let cache = modules.cache else { throw RhoError(.internal, "require: there is no module table") }
        try cache.push(in: self)
        pushField(-1, name)
        rho_remove(thread, -2)
        if lua_type(thread, -1) != LUA_TNIL { return }
        rho_pop(thread, 1)
        if let start = modules.loading.firstIndex(of: name) {
            let circle = (modules.loading[start...] + [name]).joined(separator: " -> ")
            throw RhoError(.script, "require: modules require each other in a circle: \(circle)")
        }
        modules.loading.append(name)
        defer { modules.loading.removeLast() }
        let base = lua_gettop(thread)
        try loadModule(name)
        try runModule(base)
        try cache.set(.string(name), read(-1))
    }

    private func runModule(_ base: Int32) throws {
        depth += 1
        let status = rho_pcall(thread, 0, 1)
        depth -= 1
        if status != LUA_OK {
            let error = popError(status: status)
            lua_settop(thread, base)
            throw error
        }
        if lua_type(thread, -1) == LUA_TNIL {
            rho_pop(thread, 1)
            lua_pushboolean(thread, 1)
        }
    }

    /// Pushes the chunk of the module.
    private func loadModule(_ name: String) throws {
        if let library = modules.libraries[name] {
            let chunk = "=" + name.split(separator: ".").joined(separator: "/") + ".lua"
            try load(Array(library.source.utf8), chunkName: chunk)
            if !library.strict { try useLibraryGlobals() }
            return
        }
        let path = try findUserModule(name)
        try load(try loadUserFile(path), chunkName: "@" + path)
        modules.userModules.append(name)
    }

    private func findUserModule(_ name: String) throws(RhoError) -> String {
        // Names are dotted words, so no module lies outside the script's directory.
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let wellFormed = parts.allSatisfy { !$0.isEmpty && !$0.contains("/") && !$0.contains("\0") }
        guard wellFormed else {
            throw RhoError(.usage, "require: module names are words joined by dots, got \(quoteShort(name))")
        }
        let relative = parts.joined(separator: "/")
        let prefix = modules.root == "." ? "" : modules.root + "/"
        let rocks = prefix + "lua_modules/share/lua/5.4/" + relative
        let candidates: [String] = [
            prefix + relative + ".lua", prefix + relative + "/init.lua", rocks + ".lua", rocks + "/init.lua",
        ]
        if let path = candidates.first(where: { Files.exists($0) && !Files.isDirectory($0) }) {
            if sandbox != nil { try requireInside(path) }
            return path
        }
        let names = Array(modules.libraries.keys) + modules.natives
        throw RhoError(
            .script, "module '\(name)' not found\(suggestion(for: name, in: names))",
            hint: "looked for \(candidates[0]) and \(candidates[1])")
    }

    private func requireInside(_ path: String) throws(RhoError) {
        guard let sandbox else { return }
        let real = realPath(path)
        for root in sandbox.roots.map(realPath) where real.hasPrefix(root.hasSuffix("/") ? root : root + "/") { return }
        throw RhoError(
            .usage, "require: \(path) lies outside the sandbox's directory \(sandbox.roots.joined(separator: ", "))")
    }
}

/// The path without symbolic links, or as it is where it does not lead anywhere.
private func realPath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
}
