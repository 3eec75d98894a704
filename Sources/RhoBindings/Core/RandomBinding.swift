import LuaRuntime
import RhoCore

/// A named random stream with a place in it.
final class StreamBox {
    var stream: RandomStream
    let seed: Int
    let name: String
    let step: Int

    init(seed: Int, name: String, step: Int) {
        self.seed = seed
        self.name = name
        self.step = step
        stream = RandomStream(seed: UInt64(bitPattern: Int64(seed)), name: name, step: UInt64(step))
    }
}

/// Module `rho.random`: streams that are a pure function of (seed, name, step).
enum RandomBinding {
    static var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.random",
            doc: """
                Named random streams. The numbers of a stream depend on its seed, name and step alone, so adding one \
                consumer of randomness never shifts the numbers of another.
                """,
            functions: [stream], classes: [streamClass], records: [streamRecord])
    }

    private static let streamRecord = LuaRecord(
        "RandomStreamOptions",
        [
            LuaField("seed", .integer(), default: 0, doc: "seed of the run or of the text"),
            LuaField("name", .string, required: true, doc: "what the numbers are for"),
            LuaField("step", .integer(min: 0), default: 0, doc: "index of the document or step"),
        ])

    private static var stream: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.random.stream", doc: "The stream of that seed, name and step, at its start.",
            parameters: [LuaField("options", .options(streamRecord.name), required: true, doc: "seed, name and step")],
            returns: [LuaResult(.object("RandomStream"), "the stream")],
            example: "local r = rho.random.stream { seed = 1, name = \"noise\", step = 7 }; return r:uniform()"
        ) { call in
            let options = try call.options("options")
            let box = StreamBox(
                seed: try options.int("seed"), name: try options.string("name"), step: try options.int("step"))
            return [.object(box, class: "RandomStream")]
        }
    }

    private static var streamClass: LuaClassDeclaration<StreamBox> {
        LuaClassDeclaration(
            "RandomStream", doc: "A random stream; each call draws the next number.",
            methods: [
                LuaMethod("uniform", doc: "Uniform in [0, 1).", returns: [LuaResult(.number(), "the number")]) {
                    box, _ in
                    [.number(box.stream.uniform())]
                },
                LuaMethod(
                    "normal", doc: "Normal with mean 0 and variance 1.", returns: [LuaResult(.number(), "the number")]
                ) { box, _ in
                    [.number(box.stream.normal())]
                },
                LuaMethod(
                    "below", doc: "Uniform among 0, 1, ... n - 1.",
                    parameters: [LuaField("n", .integer(min: 1), required: true, doc: "how many values")],
                    returns: [LuaResult(.integer(), "the number")]
                ) { box, call in [.integer(box.stream.below(try call.int("n")))] },
                LuaMethod(
                    "int", doc: "Uniform among the integers a ... b, both included.",
                    parameters: [
                        LuaField("a", .integer(), required: true, doc: "smallest"),
                        LuaField("b", .integer(), required: true, doc: "largest"),
                    ], returns: [LuaResult(.integer(), "the number")]
                ) { box, call in
                    let (a, b) = (try call.int("a"), try call.int("b"))
                    let (span, overflow) = b.subtractingReportingOverflow(a)
                    guard a <= b, !overflow, span < .max else {
                        throw RhoError(.value, "int needs a <= b within 63 bits, got \(a) and \(b)")
                    }
                    return [.integer(a + box.stream.below(span + 1))]
                },
                LuaMethod(
                    "pick", doc: "One element of a list, each as likely.",
                    parameters: [LuaField("list", .table, required: true, doc: "the list")],
                    returns: [LuaResult(.any, "the element")]
                ) { box, call in
                    let list = try call.table("list")
                    let count = try list.count()
                    guard count > 0 else { throw RhoError(.value, "pick needs a list with at least one element") }
                    return [try list.get(.integer(1 + box.stream.below(count)))]
                },
                LuaMethod("describe", doc: "Seed, name and step.", returns: [LuaResult(.table, "the table")]) {
                    box, _ in
                    [
                        .record([
                            ("seed", .integer(box.seed)), ("name", .string(box.name)), ("step", .integer(box.step)),
                        ])
                    ]
                },
            ], describe: { "stream '\($0.name)' (seed \($0.seed), step \($0.step))" })
    }
}
