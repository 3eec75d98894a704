import CLua
import CLuaShims
import RhoCore

// `require "rho.host"`: what scripts and the embedded library need from the host itself.
extension LuaState {
    func registerHostModule() throws(RhoError) {
        try register(
            LuaModuleDeclaration(
                "rho.host", doc: "Declarations, errors, globals and help.",
                functions: [declareFunction, declareClassFunction, failFunction, errorFunction, suggestionFunction]
                    + statusFunctions))
        guard let cache = modules.cache, let globalsProxy, case .table(let module) = try cache.get("rho.host") else {
            return
        }
        try module.set("globals", .table(globalsProxy))
        // Made over: this one needs the stack, to leave its value unraised.
        try needStack(4)
        pushRaw("rho.error") { state, L in
            state.pushErrorTable(try state.scriptError(state.read(1), state.read(2), state.read(3)))
            return 1
        }
        try module.set("error", .function(LuaFunction(popping: thread, of: self)))
    }

    private var declareFunction: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.declare", doc: "Wraps a Lua function with the checks of a declaration and adds it to help and manual.",
            parameters: [
                LuaField(
                    "declaration", .table, required: true,
                    doc: "name, doc, parameters, options, returns, example, open; fields are { name, type, ... }"
                ),
                LuaField("fn", .function, doc: "the function; or the declaration's first entry"),
            ],
            returns: [LuaResult(.function, "the checked function")],
            example: """
                local square = rho.declare({
                  name = "square", doc = "Squares a number.",
                  parameters = { { "x", "number", required = true, doc = "the number" } },
                  returns = { "number" },
                }, function(x) return x * x end)
                """
        ) { call in
            [.function(try call.state.declare(try call.table("declaration"), try call.optionalFunction("fn")))]
        }
    }

    /// What scripts may raise; `internal` stands for a fault of this program.
    private static let codes = RhoError.Code.allCases.filter { $0 != .internal }.map(\.rawValue)

    private static let errorFields = [
        LuaField("code", .oneOf(codes), required: true, doc: "what kind of error"),
        LuaField("message", .string, required: true, doc: "one sentence"),
        LuaField("hint", .string, doc: "what to try"),
    ]

    private var failFunction: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.fail", doc: "Raises an error value, placed at the first line of the user's own code.",
            parameters: Self.errorFields
        ) { call in
            let error = try call.state.scriptError(
                try call.value("code"), try call.value("message"), try call.value("hint"))
            throw error
        }
    }

    private var errorFunction: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.error", doc: "Makes an error value without raising it.", parameters: Self.errorFields,
            returns: [LuaResult(.object("rho.error"), "fields code, message, file, line, hint, traceback")]
        ) { _ in [] }
    }

    func scriptError(_ code: LuaValue, _ message: LuaValue, _ hint: LuaValue) throws(RhoError) -> LuaError {
        guard let name = code.stringValue, Self.codes.contains(name), let code = RhoError.Code(rawValue: name) else {
            let guess = code.stringValue.map { suggestion(for: $0, in: Self.codes) } ?? ""
            throw RhoError(
                .usage,
                "rho.error: code must be one of \(quotedList(Self.codes)), got \(describeForError(code))\(guess)")
        }
        return LuaError(code: code, message: message.stringValue ?? describeForError(message), hint: hint.stringValue)
    }

    private var suggestionFunction: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.suggestion", doc: "Returns \" (did you mean 'x'?)\" for the nearest of the names, or an empty string.",
            parameters: [
                LuaField("name", .string, required: true, doc: "what was written"),
                LuaField("names", .list(.string), required: true, doc: "what there is"),
            ],
            returns: [LuaResult(.string)]
        ) { call in
            [.string(suggestion(for: try call.string("name"), in: try call.strings("names")))]
        }
    }

    private var statusFunctions: [LuaFunctionDeclaration] {
        [
            LuaFunctionDeclaration(
                "rho.interrupted",
                doc: "Whether a stop was asked for (Ctrl-C, SIGTERM, SIGUSR1). A loop that gets true has been told: "
                    + "it saves what it must and returns.",
                returns: [LuaResult(.boolean)]
            ) { _ in
                LuaState.acknowledgeInterrupt()
                return [.boolean(LuaState.interruptRequested)]
            },
            LuaFunctionDeclaration(
                "rho.graceful",
                doc: "Runs fn so that the first interrupt only makes rho.interrupted() true until fn returns.",
                parameters: [LuaField("fn", .function, required: true, doc: "the loop")],
                returns: [LuaResult(.any, "what fn returns")]
            ) { call in
                try LuaState.graceful { try call.function("fn").call() }
            },
            LuaFunctionDeclaration(
                "rho.help", doc: "Returns the manual entry of a function, class, method or option table.",
                parameters: [LuaField("name", .string, required: true, doc: "its full name")],
                returns: [LuaResult(.string)]
            ) { call in
                [.string(try DocsEmitter(call.state.catalog).help(try call.string("name")))]
            },
            LuaFunctionDeclaration(
                "rho.memory", doc: "Bytes in use: Lua's heap, and what native objects hold outside it.",
                returns: [LuaResult(.map(.integer()), "heap, external, external_peak, objects")]
            ) { call in
                let memory = call.state.memory
                return [
                    .record([
                        ("heap", .integer(memory.heap)), ("external", .integer(memory.external)),
                        ("external_peak", .integer(memory.externalPeak)), ("objects", .integer(memory.objects)),
                    ])
                ]
            },
        ]
    }
}
