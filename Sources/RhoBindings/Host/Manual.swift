import LuaRuntime
import RhoCore
import RhoSelection

/// The reference manual and the editor stubs as files: the emitter's text, cut into one page per module.
struct Manual {
    let catalog: LuaCatalog

    /// Every page under docs/api, the index first.
    var pages: [(name: String, text: String)] {
        let sections = sections
        let groups = Dictionary(grouping: sections, by: \.page)
        let names = groups.keys.sorted()
        var pages = [("index.md", index(names, groups))]
        for name in names {
            let body = (groups[name] ?? []).map(\.text).joined(separator: "\n\n")
            let intro = moduleDoc(name).map { "\($0)\n\n" } ?? ""
            pages.append(("\(name).md", "# \(title(name))\n\n\(intro)\(body)\n"))
        }
        return pages
    }

    /// The LuaCATS stubs, with the token columns, which are values and no functions.
    var stubs: String {
        let text = DocsEmitter(catalog).stubs()
        let anchor = "rho.select = {}\n"
        guard let range = text.firstRange(of: anchor) else { return text }
        let columns = TokenColumn.standard.map { column, meaning in
            let called = NamedPolicies.ofColumns.first { $0.name == column.name }
            // A column that shares its name with a policy is a value that can be called.
            let overload = called.map {
                "---@class rho.select.\($0.name): Column\n---@overload fun(options?: \(NamedPolicies.recordName($0))): Policy\n"
            }
            return (overload ?? "")
                + "---@type \(called.map { "rho.select.\($0.name)" } ?? "Column") \(meaning)\nrho.select.\(column.name) = nil\n"
        }
        return text.replacingCharacters(in: range, with: anchor + columns.joined())
    }

    private struct Section {
        var page: String
        var heading: String
        var text: String
    }

    /// The second-level sections of the emitter's page.
    private var sections: [Section] {
        var found: [Section] = []
        for line in DocsEmitter(catalog).markdown().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## ") {
                let heading = line.dropFirst(3).filter { $0 != "`" }
                found.append(Section(page: page(of: heading), heading: heading, text: String(line)))
            } else if !found.isEmpty {
                found[found.count - 1].text += "\n\(line)"
            }
        }
        return found.map { section in
            var section = section
            while section.text.hasSuffix("\n") { section.text.removeLast() }
            return section
        }
    }

    /// `rho.data` for `rho.data.jsonl { … }`, `rho` for `rho.train { … }`, `classes` for a class.
    private func page(of heading: String) -> String {
        if heading.hasPrefix("Class ") { return "classes" }
        let name = heading.prefix { $0 != " " && $0 != "(" }
        let parts = name.split(separator: ".")
        return parts.count > 2 ? parts.dropLast().joined(separator: ".") : "rho"
    }

    private func title(_ page: String) -> String { page == "classes" ? "Classes" : page }

    private func moduleDoc(_ page: String) -> String? {
        let name = page == "rho" ? "rho.native.core" : "rho.native." + page.dropFirst(4)
        guard let doc = catalog.modules.first(where: { $0.name == name })?.doc, page != "rho" else { return nil }
        guard page == "rho.select" else { return doc }
        let columns = TokenColumn.standard.map { "- `rho.select.\($0.column.name)`: \($0.meaning)" }
        let called = NamedPolicies.ofColumns.compactMap { NamedPolicies.columnPage("rho.select.\($0.name)") }
        return doc + "\n\nColumns:\n\n" + columns.joined(separator: "\n") + "\n\n```text\n"
            + called.joined(separator: "\n\n") + "\n```"
    }

    private func index(_ names: [String], _ groups: [String: [Section]]) -> String {
        var text = "# Lua reference\n\nWritten by `rhoscript docs` from the declarations that check the arguments; "
        text += "`rhoscript help NAME` shows the same in the terminal.\n"
        for name in names {
            text += "\n## [\(title(name))](\(name).md)\n\n"
            text +=
                (groups[name] ?? []).map { section in
                    let label = section.heading.prefix { $0 != "(" && $0 != "{" }.split(separator: " ").joined(
                        separator: " ")
                    return "`\(label)`"
                }.joined(separator: " ") + "\n"
        }
        return text
    }
}

extension String {
    /// The first place where `needle` stands.
    fileprivate func firstRange(of needle: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            guard let next = self[start...].firstIndex(of: "\n") else { return nil }
            start = index(after: next)
        }
        return nil
    }

    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
