import LuaRuntime
import RhoCore

/// Module `rho.json`.
enum JSONBinding {
    static var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.json",
            doc: """
                JSON text and Lua values. Integers and floats keep their kind and every bit through a round trip; NaN and the \
                infinities, which JSON lacks, are the strings "NaN", "Infinity" and "-Infinity".
                """,
            functions: [encode, decode], records: [record])
    }

    private static let record = LuaRecord(
        "JsonEncodeOptions",
        [
            LuaField("pretty", .boolean, default: false, doc: "one member a line"),
            LuaField("sorted", .boolean, default: true, doc: "object keys in the order of their bytes"),
        ])

    private static var encode: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.json.encode",
            doc: "A value as JSON text. Tables with keys 1...n become arrays (as does an empty table), others objects.",
            parameters: [
                LuaField("value", .any, doc: "nil, boolean, number, string or table"),
                LuaField("options", .options(record.name), doc: "layout"),
            ], returns: [LuaResult(.string, "the text")],
            example: "return rho.json.encode { a = 1, b = { true, \"x\" } }"
        ) { call in
            let options = try call.options("options")
            let json = try JSON(call.value("value"))
            return [
                .string(json.serialized(sortedKeys: try options.bool("sorted"), pretty: try options.bool("pretty")))
            ]
        }
    }

    private static var decode: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.json.decode", doc: "JSON text as a value; null becomes nil.",
            parameters: [LuaField("text", .string, required: true, doc: "the text")],
            returns: [LuaResult(.any, "the value")], example: "return rho.json.decode('{\"a\": [1, 2.5]}')"
        ) { call in
            [LuaValue(json: try call.bytes("text").withUnsafeBytes { bytes throws(RhoError) in try JSON.parse(bytes) })]
        }
    }
}
