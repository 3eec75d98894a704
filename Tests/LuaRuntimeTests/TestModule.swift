import LuaRuntime
import RhoCore

/// The native module `t`: one function for every kind of argument, and the class Thing.
func testModule(_ ledger: Ledger) -> LuaModuleDeclaration {
    LuaModuleDeclaration(
        "t", doc: "Functions for tests.",
        functions: scalarFunctions(ledger) + tableFunctions() + callbackFunctions(),
        classes: [thingClass(ledger), otherClass()],
        records: [
            LuaRecord(
                "ExcessLoss", doc: "The paper's policy.",
                [
                    LuaField("keep", .number(min: 0, max: 1, openMin: true), required: true, doc: "share kept"),
                    LuaField("scope", .oneOf(["sequence", "batch"]), default: "batch", doc: "where it ranks"),
                    LuaField("scores", .object("Thing"), doc: "reference scores"),
                    LuaField("warmup", .integer(min: 0), default: 0, unit: "steps", doc: "steps of keep = 1"),
                ]),
            LuaRecord(
                "Source",
                [
                    LuaField("path", .string, required: true, positional: true, doc: "file"),
                    LuaField("text", .string, default: "{text}", doc: "template"),
                    LuaField("policy", .options("ExcessLoss"), doc: "nested"),
                ]),
            LuaRecord(
                "Mix",
                [
                    LuaField("parts", .list(.object("Thing")), positional: true, doc: "parts"),
                    LuaField("weights", .list(.number(min: 0)), doc: "weights"),
                ]),
        ],
        constants: [("answer", 42, "the answer")])
}

private func scalarFunctions(_ ledger: Ledger) -> [LuaFunctionDeclaration] {
    [
        LuaFunctionDeclaration(
            "t.add", doc: "Adds. Slowly.",
            parameters: [
                LuaField("a", .integer(), required: true, doc: "first"),
                LuaField("b", .integer(min: 0, max: 9), default: 1, doc: "second"),
            ], returns: [LuaResult(.integer(), "the sum")], example: "assert(t.add(1, 2) == 3)"
        ) { call in [.integer(try call.int("a") + call.int("b"))] },
        LuaFunctionDeclaration(
            "t.greet", doc: "Greets.",
            parameters: [
                LuaField("name", .string, required: true, doc: "whom"),
                LuaField("loud", .boolean, default: false, doc: "with a mark"),
            ]
        ) { call in [.string("hello " + (try call.string("name")) + (try call.bool("loud") ? "!" : ""))] },
        LuaFunctionDeclaration(
            "t.half", doc: "Halves.", parameters: [LuaField("x", .number(min: 0), required: true, doc: "a number")]
        ) { call in [.number(try call.double("x") / 2)] },
        LuaFunctionDeclaration(
            "t.thing", doc: "Makes a Thing.",
            parameters: [
                LuaField("value", .number(), default: 0, doc: "its value"),
                LuaField("bytes", .integer(min: 0), default: 0, doc: "its size"),
            ]
        ) { call in [.object(Thing(ledger, try call.double("value"), bytes: try call.int("bytes")), class: "Thing")] },
        LuaFunctionDeclaration(
            "t.fail", doc: "Fails while it owns an object.",
            parameters: [LuaField("x", .any, doc: "anything")], variadic: true
        ) { call in
            let thing = Thing(ledger, 1)
            throw RhoError(.io, "cannot open \(thing.value).jsonl", hint: "make it first")
        },
        LuaFunctionDeclaration("t.echo", doc: "Returns its arguments.", variadic: true) { call in call.rest },
        LuaFunctionDeclaration("t.live", doc: "Counts things.") { _ in [.integer(ledger.live)] },
    ]
}

private func tableFunctions() -> [LuaFunctionDeclaration] {
    [
        LuaFunctionDeclaration(
            "t.excess_loss", doc: "Takes options.",
            parameters: [LuaField("options", .options("ExcessLoss"), required: true, doc: "see below")]
        ) { call in
            let options = try call.options("options")
            return [
                .number(try options.double("keep")), .string(try options.string("scope")),
                .boolean(try options.isSet("scope")), .integer(try options.int("warmup")),
            ]
        },
        LuaFunctionDeclaration(
            "t.source", doc: "Takes a positional option.",
            parameters: [LuaField("options", .options("Source"), required: true, doc: "see below")]
        ) { call in
            let options = try call.options("options")
            let keep = try options.optionalOptions("policy")?.double("keep")
            return [
                .string(try options.string("path")), .string(try options.string("text")),
                keep.map { .number($0) } ?? .nil,
            ]
        },
        LuaFunctionDeclaration(
            "t.mix", doc: "Takes an array part.", parameters: [LuaField("options", .options("Mix"), doc: "see below")]
        ) { call in
            let options = try call.options("options")
            return [.integer(try options.optionalList("parts")?.count ?? 0)]
        },
        LuaFunctionDeclaration(
            "t.sum", doc: "Adds a list up.",
            parameters: [LuaField("values", .list(.integer(min: 1)), required: true, doc: "numbers")]
        ) { call in [.integer(try call.ints("values").reduce(0, +))] },
        LuaFunctionDeclaration(
            "t.names", doc: "Takes a map.",
            parameters: [LuaField("map", .map(.number()), required: true, doc: "numbers by name")]
        ) { call in [.record(try call.record("map"))] },
        LuaFunctionDeclaration(
            "t.either", doc: "Takes a number or a schedule.",
            parameters: [
                LuaField("keep", .anyOf([.number(min: 0, max: 1), .list(.number())]), required: true, doc: "share")
            ]
        ) { call in [try call.value("keep")] },
    ]
}

private func callbackFunctions() -> [LuaFunctionDeclaration] {
    [
        LuaFunctionDeclaration(
            "t.call", doc: "Calls back.", parameters: [LuaField("fn", .function, required: true, doc: "what")],
            variadic: true
        ) { call in try call.function("fn").call(call.rest) },
        LuaFunctionDeclaration(
            "t.try", doc: "Calls back and swallows the error.",
            parameters: [LuaField("fn", .function, required: true, doc: "what")]
        ) { call in
            do { return try call.function("fn").call() } catch { return [.string("\(error)")] }
        },
        LuaFunctionDeclaration(
            "t.wrap", doc: "Calls back and makes its own error of the callback's.",
            parameters: [LuaField("fn", .function, required: true, doc: "what")]
        ) { call in
            do { return try call.function("fn").call() } catch {
                throw RhoError(.value, "the callback failed: \(error)")
            }
        },
        LuaFunctionDeclaration(
            "t.fingerprint", doc: "Hashes a function.",
            parameters: [LuaField("fn", .function, required: true, doc: "what")]
        ) { call in [.string(try call.function("fn").fingerprint())] },
    ]
}

private func thingClass(_ ledger: Ledger) -> LuaClassDeclaration<Thing> {
    let operand = LuaType.number()
    func arithmetic(_ op: LuaOperator, _ combine: @escaping (Double, Double) -> Double) -> LuaOperatorDeclaration {
        LuaOperatorDeclaration(op, operand: operand, doc: "arithmetic") { call in
            let a = try call.value("a"), b = try call.value("b")
            let x = a.object(as: Thing.self)?.value ?? a.doubleValue ?? 0
            let y = b.object(as: Thing.self)?.value ?? b.doubleValue ?? 0
            return [.object(Thing(ledger, combine(x, y)), class: "Thing")]
        }
    }
    return LuaClassDeclaration<Thing>(
        "Thing", doc: "A thing.",
        methods: [
            LuaMethod("plus", doc: "Adds.", parameters: [LuaField("other", .object("Thing"), required: true, doc: "")])
            {
                thing, call in
                let other = try call.object("other", as: Thing.self)
                return [.object(Thing(ledger, thing.value + other.value), class: "Thing")]
            },
            LuaMethod("get", doc: "Gives the value.") { thing, _ in [.number(thing.value)] },
            LuaMethod("same", doc: "Gives itself.") { thing, _ in [.object(thing, class: "Thing")] },
            LuaMethod("snap", doc: "Fails.") { thing, _ in throw RhoError(.value, "\(thing.value) is broken") },
        ],
        properties: [
            LuaProperty("value", .number(), doc: "its value") { .number($0.value) },
            LuaProperty(
                "label", .string, doc: "a text", get: { .string($0.label) }, set: { $0.label = $1.stringValue ?? "" }),
        ],
        operators: [
            arithmetic(.add, +), arithmetic(.mul, *),
            LuaOperatorDeclaration(.unm, doc: "negates") { call in
                [.object(Thing(ledger, -(try call.object("a", as: Thing.self).value)), class: "Thing")]
            },
            LuaOperatorDeclaration(.len, doc: "length") { _ in [.integer(7)] },
            LuaOperatorDeclaration(.call, doc: "calls") { call in call.rest },
        ],
        describe: { "Thing(\($0.value))" }, index: { thing, key in key.intValue.map { .integer($0 * 10) } },
        byteCount: { $0.bytes }, release: { _ in ledger.released += 1 }, fingerprint: { "\($0.value)" })
}

final class Other {}

private func otherClass() -> LuaClassDeclaration<Other> {
    LuaClassDeclaration<Other>("Other", doc: "Another class.")
}
