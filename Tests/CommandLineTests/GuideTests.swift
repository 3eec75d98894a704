import Glibc
import RhoCore
import RhoTestSupport
import Testing

/// The pages of docs/guide: every block of Lua and every block of shell commands is run, in the order of the page, in a
/// directory of its own.
///
///     ```lua experiments/a.lua      is written to that file
///     ```lua                        is typed at the prompt of `rhoscript repl`, after the page's earlier ones
///     ```sh                         is run by sh; `exit=1` behind it says how it must end
///     ```console, ```text           are looked at by people only
///     <!-- test: s/200e3/4e3/ -->   before a block makes it small enough for a test
extension CommandLineTests {
    @Suite(.serialized) struct Guide {
        private static let root = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
        private static let folder = "\(root)/docs/guide"

        static var pages: [String] { ((try? Files.list(folder)) ?? []).filter { $0.hasSuffix(".md") } }

        @Test(arguments: pages)
        func blocksRun(_ page: String) throws {
            let blocks = Block.read(try Files.readText("\(Self.folder)/\(page)"))
            let program = try Program()
            var directory = program.directory.path
            var typed = ""
            for block in blocks {
                let place = "\(page):\(block.line)"
                switch (block.language, block.argument) {
                case ("lua", let file) where !file.isEmpty:
                    let path = "\(directory)/\(file)"
                    try Files.makeDirectory(Files.parent(of: path))
                    try Files.writeAtomically(path, block.text)
                case ("lua", _):
                    typed += block.text
                case ("sh", let argument):
                    let expected = Int32(argument.drop { $0 != "=" }.dropFirst()) ?? 0
                    let outcome = try program.shell(block.text, in: &directory)
                    #expect(outcome.status == expected, "\(place): \(outcome.out)\(outcome.err)")
                default: continue
                }
            }
            guard !typed.isEmpty else { return }
            try program.write("typed.lua", typed)
            let outcome = try program.shell(
                "rhoscript repl --progress none < \(program.directory.file("typed.lua"))", in: &directory)
            #expect(outcome.status == 0, "\(page): \(outcome.err)")
        }

        /// The experiment of the front page, on fewer tokens, and the plan of the sweep that it names.
        @Test func theFrontPageRuns() throws {
            let blocks = Block.read(try Files.readText("\(Self.root)/README.md"))
            let source = try #require(blocks.first { $0.language == "lua" }).text
            let program = try Program()
            try program.write("slm.lua", source)
            let outcome = try program.run("slm.lua", "tokens=4e3", "--progress", "none")
            #expect(outcome.status == 0, "\(outcome.err)")
            for arm in ["clm", "slm", "random"] { #expect(outcome.out.contains("\n\(arm) "), "\(outcome.out)") }
            #expect(try program.run("slm.lua", "--set", "keep=0.4", "--print-config").status == 0)
            let plan = try program.run("slm.lua", "--sweep", "keep={0.4,0.6,0.8}", "--seeds", "3", "-j", "2", "-n")
            #expect(plan.status == 0 && plan.out.contains("9 cells"), "\(plan.out)\(plan.err)")
        }

        @Test func everyPageIsInTheIndex() throws {
            let index = try Files.readText("\(Self.folder)/index.md")
            for page in Self.pages where page != "index.md" { #expect(index.contains("](\(page))"), "\(page)") }
        }

        @Test func linksLeadSomewhere() throws {
            for page in Self.pages.map({ "\(Self.folder)/\($0)" }) + ["\(Self.root)/README.md"] {
                for part in try Files.readText(page).split(separator: "](").dropFirst() {
                    let target = part.prefix { $0 != ")" && $0 != "#" }
                    guard !target.isEmpty, !target.hasPrefix("http") else { continue }
                    #expect(Files.exists("\(Files.parent(of: page))/\(target)"), "\(page) links to \(target)")
                }
            }
        }
    }
}

/// A fenced block of a page.
private struct Block {
    var language: String
    var argument: String
    var text: String
    var line: Int

    static func read(_ page: String) -> [Block] {
        var blocks: [Block] = []
        var open: Block?
        var changes: [(from: String, to: String)] = []
        for (number, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("<!-- test: ") {
                changes = line.dropFirst("<!-- test: ".count).split(separator: "s/").compactMap { change in
                    let parts = change.split(separator: "/", omittingEmptySubsequences: false)
                    return parts.count >= 2 ? (String(parts[0]), String(parts[1])) : nil
                }
            } else if line.hasPrefix("```") {
                if var block = open {
                    for change in changes {
                        precondition(block.text.contains(change.from), "line \(number): no '\(change.from)' to change")
                        block.text = block.text.replacing(change.from, with: change.to)
                    }
                    blocks.append(block)
                    (open, changes) = (nil, [])
                } else {
                    let words = line.dropFirst(3).split(separator: " ")
                    open = Block(
                        language: words.first.map(String.init) ?? "",
                        argument: words.dropFirst().first.map(String.init) ?? "",
                        text: "", line: number + 1)
                }
            } else if open != nil {
                open?.text += line + "\n"
            }
        }
        return blocks
    }
}

extension Program {
    /// Runs shell commands with `rhoscript` on the path; `directory` is where they start, and then where they ended.
    func shell(_ commands: String, in directory: inout String) throws -> Outcome {
        let script = try write(
            "block.sh",
            "set -eu\ncd \(directory)\nPATH=\(Files.parent(of: Self.path)):$PATH\ntrap 'pwd > \(self.directory.file("where"))' EXIT\n\(commands)"
        )
        let outcome = try run(program: "sh", [script])
        directory = try read("where").filter { $0 != "\n" }
        return outcome
    }
}
