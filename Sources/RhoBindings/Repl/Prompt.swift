import Glibc
import LuaRuntime
import RhoCore

/// A Lua session at a prompt: evaluates what is typed and says what could come next. Reading lines is the program's part.
public final class Prompt {
    /// What became of a line.
    public enum Answer: Sendable, Equatable {
        /// The statement goes on.
        case more
        /// It was carried out; what is to be printed, if anything.
        case done(String)
        /// It failed with this message, or was interrupted.
        case failed(String)
        /// The session is over with this status: `os.exit`.
        case exit(Int32)
    }

    private let host: ScriptHost
    private let options: HostOptions
    private let results: LuaFunction
    private let ending: LuaFunction
    private var pending = ""

    /// - Parameter output: receives what scripts print.
    public init(_ options: HostOptions, output: @escaping (String) -> Void) throws {
        self.options = options
        host = try ScriptHost(options, output: output)
        host.state.installInterruptHandler()
        try host.state.openGlobals(session: "\(getpid()) \(Clock.wallSeconds())")
        results = try host.function("results", of: "rho.repl")
        ending = try host.function("finish", of: "rho.repl")
        let start = try host.function("start", of: "rho.repl")
        try host.state.register(Self.module)
        _ = try start.call([host.state.require("rho.native.repl")])
    }

    /// Runs a file first; `_` is then what it returned.
    public func run(file: String) -> Answer {
        answer { try results.call(host.state.run(file: file)) }
    }

    /// The text typed so far of a statement that goes on.
    public var isPending: Bool { !pending.isEmpty }

    /// Forgets a statement that was begun.
    public func clear() {
        pending = ""
        host.state.forgetInterrupt()
    }

    /// Takes a line.
    public func take(_ line: String) -> Answer {
        let text = pending.isEmpty ? line : pending + "\n" + line
        // An empty line ends a statement that will not end by itself.
        if text.allSatisfy(\.isWhitespace) {
            pending = ""
            return .done("")
        }
        var isIncomplete = false
        let answer = answer {
            switch try host.state.evaluate(text) {
            case .incomplete:
                isIncomplete = true
                return []
            case .values(let values): return try results.call(values)
            }
        }
        pending = isIncomplete ? text : ""
        return isIncomplete ? .more : answer
    }

    /// Ends the session and closes its run directory.
    public func end() { _ = try? ending.call() }

    private func answer(_ body: () throws -> [LuaValue]) -> Answer {
        host.state.forgetInterrupt()
        defer { host.state.forgetInterrupt() }
        do {
            return .done(try body().first?.stringValue ?? "")
        } catch let error as LuaError {
            if let status = error.exitCode { return .exit(Int32(truncatingIfNeeded: status)) }
            return .failed(Host.outcome(of: error, host, options).message)
        } catch {
            return .failed("\(error)")
        }
    }

    // MARK: what could come next

    /// Completions of the word that ends at the end of `text`.
    /// - Parameters:
    ///   - text: the line up to the cursor.
    ///   - word: the part of it that is to be completed.
    public func completions(of word: String, in text: String) -> Completion {
        let code = pending.isEmpty ? text : pending + "\n" + text
        return Completion(catalog: host.state.catalog, place: CodePlace(code, word: word), word: word) { path in
            self.value(path)
        }
    }

    /// The value of `a.b.c`, looked up without running any code of the user's.
    private func value(_ path: [String]) -> LuaValue {
        guard let first = path.first, let found = try? host.state.global(first) else { return .nil }
        var value = found
        for name in path.dropFirst() {
            guard case .table(let table) = value, let next = try? table.get(name) else { return .nil }
            value = next
        }
        return value
    }

    private static var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.repl", doc: "What the prompt's help reads.",
            functions: [
                LuaFunctionDeclaration(
                    "rho.repl.page", doc: "The manual page of a name, or nil.",
                    parameters: [LuaField("name", .string, required: true, doc: "the name")],
                    returns: [LuaResult(.string)]
                ) { call in
                    let name = try call.string("name")
                    let page = (try? DocsEmitter(call.state.catalog).help(name)) ?? NamedPolicies.columnPage(name)
                    return [page.map { .string($0) } ?? .nil]
                },
                LuaFunctionDeclaration(
                    "rho.repl.names", doc: "Every name with a manual page.", returns: [LuaResult(.list(.string))]
                ) { call in [.list(call.state.catalog.names)] },
                LuaFunctionDeclaration(
                    "rho.repl.class_of", doc: "The class of an object, or nil.",
                    parameters: [LuaField("object", .any, doc: "the object")], returns: [LuaResult(.string)]
                ) { call in
                    if case .object(_, let name) = try call.value("object") { return [.string(name)] }
                    return [.nil]
                },
            ])
    }
}

extension Host {
    /// Whether Ctrl-C or another signal asked for a stop.
    public static var interruptRequested: Bool { LuaState.interruptRequested }

    /// Takes the next signal as a first one.
    public static func clearInterrupt() { LuaState.clearInterrupt() }
}
