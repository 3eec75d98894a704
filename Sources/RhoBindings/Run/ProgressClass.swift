import LuaRuntime
import RhoCore
import RhoTraining

/// A progress line as scripts hold it.
final class ProgressBox {
    let line: ProgressLine
    private var tokens = 0

    init(_ line: ProgressLine) { self.line = line }

    func update(step: Int, loss: Double, kept: Double, tokens newTokens: Int) {
        tokens &+= newTokens
        line.update(ProgressUpdate(step: step, loss: loss, kept: kept, tokens: tokens))
    }
}

/// Class `Progress`.
enum ProgressClass {
    static let record = LuaRecord(
        "ProgressOptions",
        [
            LuaField("label", .string, required: true, doc: "what is running"),
            LuaField(
                "steps", .integer(min: 0, max: 1 << 40), default: 0, unit: "steps",
                doc: "steps of the whole run; 0 if unknown"),
            LuaField("first", .integer(min: 0, max: 1 << 40), default: 0, unit: "steps", doc: "steps done before"),
        ])
    static let updateRecord = LuaRecord(
        "ProgressUpdateOptions",
        [
            LuaField("step", .integer(min: 0), required: true, doc: "steps done"),
            LuaField("loss", .number(), doc: "nats per token"),
            LuaField("kept", .number(), doc: "share of tokens kept"),
            LuaField("tokens", .integer(min: 0), default: 0, doc: "tokens of this step"),
        ])

    static var declaration: LuaClassDeclaration<ProgressBox> {
        LuaClassDeclaration(
            "Progress", doc: "A progress line on stderr.",
            methods: [
                LuaMethod(
                    "update", doc: "Takes note of a step, and shows it if it is time to.",
                    parameters: [LuaField("options", .options(updateRecord.name), required: true, doc: "the step")]
                ) { box, call in
                    let options = try call.options("options")
                    box.update(
                        step: try options.int("step"), loss: try options.optionalDouble("loss") ?? .nan,
                        kept: try options.optionalDouble("kept") ?? .nan, tokens: try options.int("tokens"))
                    return []
                },
                LuaMethod(
                    "note", doc: "A line of its own.",
                    parameters: [LuaField("text", .string, required: true, doc: "the line")]
                ) { box, call in
                    box.line.note(try call.string("text"))
                    return []
                },
                LuaMethod("finish", doc: "Closes the line; it stays on the screen.") { box, _ in
                    box.line.finish()
                    return []
                },
            ], describe: { _ in "progress line" }, release: { $0.line.finish() })
    }
}

/// A divergence guard as scripts hold it.
final class GuardBox {
    var value: DivergenceGuard
    init(_ value: DivergenceGuard) { self.value = value }
}

/// Class `Guard`.
enum GuardClass {
    static let record = LuaRecord(
        "GuardOptions",
        [
            LuaField(
                "factor", .number(min: 1, openMin: true), default: 5,
                doc: "a loss above so many times the median is bad"),
            LuaField(
                "window", .integer(min: 10), default: 50, unit: "steps", doc: "good losses the median is taken over"),
            LuaField(
                "patience", .integer(min: 1), default: 3, unit: "steps", doc: "bad losses in a row that end the run"),
        ])

    static var declaration: LuaClassDeclaration<GuardBox> {
        LuaClassDeclaration(
            "Guard", doc: "Ends a run whose loss is no longer a number, or far above what it was.",
            methods: [
                LuaMethod(
                    "check", doc: "Takes the loss of a step; raises an error with code diverged.",
                    parameters: [
                        LuaField("step", .integer(), required: true, doc: "the step"),
                        LuaField("loss", .number(), required: true, doc: "nats per token"),
                        LuaField(
                            "bad_tokens", .integer(min: 0), default: 0,
                            doc: "single losses that are not finite (stats().bad_loss)"),
                    ]
                ) { box, call in
                    try box.value.check(
                        step: call.int("step"), loss: call.double("loss"), badTokens: call.int("bad_tokens"))
                    return []
                },
                LuaMethod(
                    "state", doc: "What a resumed run needs to go on alike.", returns: [LuaResult(.table, "plain data")]
                ) { box, _ in
                    [LuaValue(json: box.value.state)]
                },
                LuaMethod(
                    "restore", doc: "Takes over a state.",
                    parameters: [LuaField("state", .table, required: true, doc: "from state()")]
                ) { box, call in
                    box.value.restore(try JSON(call.value("state"), "state").asObject)
                    return []
                },
            ], describe: { "divergence guard (factor \($0.value.factor), patience \($0.value.patience))" })
    }
}
