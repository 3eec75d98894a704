import LuaRuntime
import RhoCore

extension Host {
    /// The manual page of a Lua name; nil if nothing is called so.
    public static func helpPage(for name: String) -> String? {
        guard let catalog = try? catalog() else { return nil }
        return (try? DocsEmitter(catalog).help(name)) ?? NamedPolicies.columnPage(name)
    }

    /// Every name with a manual page.
    public static func documentedNames() -> [String] { (try? catalog().names) ?? [] }

    /// Functions by module, one line each.
    public static func helpIndex() -> String {
        guard let catalog = try? catalog() else { return "" }
        var lines = ["LUA FUNCTIONS (rhoscript help NAME):"]
        for function in catalog.functions.sorted(by: { $0.name < $1.name }) {
            let name = "  " + function.name
            let padding = String(repeating: " ", count: max(2, 34 - name.count))
            let sentence = function.doc.split(separator: ". ", maxSplits: 1).first.map(String.init) ?? ""
            lines.append(name + padding + (sentence.count > 90 ? String(sentence.prefix(89)) + "…" : sentence))
        }
        return lines.joined(separator: "\n")
    }

    /// The declarations of native and embedded modules.
    static func catalog() throws -> LuaCatalog {
        let host = try ScriptHost(HostOptions(), output: { _ in })
        _ = try host.state.require("rho")
        return host.state.catalog
    }

    /// Writes, or with `check` compares, docs/api and the editor stubs. Returns the files that differ, in order.
    public static func writeDocumentation(root: String, check: Bool) throws -> [String] {
        let manual = Manual(catalog: try catalog())
        let files =
            manual.pages.map { ("docs/api/\($0.name)", $0.text) } + [("stdlib-lua/meta/rho.d.lua", manual.stubs)]
        var changed: [String] = []
        let pages = Set(manual.pages.map(\.name))
        for stale in (try? Files.list("\(root)/docs/api")) ?? [] where stale.hasSuffix(".md") && !pages.contains(stale)
        {
            changed.append("docs/api/\(stale)")
            if !check { try Files.remove(tree: "\(root)/docs/api/\(stale)") }
        }
        for (name, text) in files {
            let path = "\(root)/\(name)"
            if let known = try? Files.readText(path), known == text { continue }
            changed.append(name)
            if check { continue }
            try Files.makeDirectory(Files.parent(of: path))
            try Files.writeAtomically(path, text)
        }
        return changed
    }
}
