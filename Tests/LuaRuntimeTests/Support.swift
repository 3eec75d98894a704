import Foundation
import LuaRuntime
import RhoCore

/// Counts the objects that are alive, for leak tests.
final class Ledger {
    var live = 0
    var released = 0
}

/// A native object of the tests: counted, with a size it claims.
final class Thing {
    let ledger: Ledger
    let value: Double
    let bytes: Int
    var label = ""

    init(_ ledger: Ledger, _ value: Double, bytes: Int = 0) {
        self.ledger = ledger
        self.value = value
        self.bytes = bytes
        ledger.live += 1
    }

    deinit { ledger.live -= 1 }
}

/// A Lua state with the module `t`, whose output is kept.
final class Bench {
    let state: LuaState
    let ledger = Ledger()
    private final class Lines { var text = "" }
    private let lines = Lines()

    var printed: String { lines.text }

    init(seed: UInt64 = 1, sandbox: LuaSandbox? = nil) throws {
        let lines = self.lines
        state = try LuaState(LuaState.Options(seed: seed, sandbox: sandbox, output: { lines.text += $0 }))
        try state.register(testModule(ledger))
    }

    @discardableResult
    func run(_ source: String, chunk: String = "x.lua") throws(LuaError) -> [LuaValue] {
        try state.run(source: source, chunkName: chunk)
    }

    /// The description of the error that the script ends with.
    func failure(_ source: String) -> String { error(source)?.description ?? "no error" }

    func error(_ source: String) -> LuaError? {
        do {
            try run(source)
            return nil
        } catch { return error }
    }
}

func describe(_ values: [LuaValue]) -> String {
    values.map { value in
        switch value {
        case .nil: "nil"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text): text
        case .list(let values): "{" + describe(values) + "}"
        case .record(let pairs): "{" + pairs.map { "\($0.0)=\(describe([$0.1]))" }.joined(separator: " ") + "}"
        case .table(let table): (try? table.deepValue()).map { describe([$0]) } ?? "table"
        default: value.typeName
        }
    }.joined(separator: " ")
}

/// A directory that goes away with this object.
final class ScratchFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "lua-runtime-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}
