import LuaRuntime
import RhoCore
import RhoTensor

/// Module `rho.tensor`: tensors with automatic differentiation.
enum TensorBinding {
    static var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.tensor",
            doc: """
                Tensors of 32-bit numbers, up to four dimensions, with automatic differentiation. Dimensions and indices \
                count from 1. Shapes broadcast from the innermost dimension.
                """,
            functions: [
                from, filled("zeros", 0), filled("ones", 1), full, arange, uniform, normal, concat, select, pair(.max),
                pair(.min),
            ],
            classes: [TensorClass.declaration], records: [uniformRecord, normalRecord])
    }

    private static let tensorResult = [LuaResult(.object("Tensor"), "the tensor")]
    private static let shapeField = LuaField(
        "shape", .list(.integer(min: 0)), required: true, doc: "sizes, outermost first")

    private static var from: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.from", doc: "A tensor of the given numbers.",
            parameters: [
                LuaField(
                    "values", .anyOf([.number(), .table]), required: true,
                    doc: "numbers, in lists nested up to four deep"),
                LuaField("shape", .list(.integer(min: 0)), doc: "sizes, where the numbers come in one flat list"),
            ], returns: tensorResult, example: "return rho.tensor.from { {1, 2}, {3, 4} }"
        ) { call in
            let (values, dims) = try TensorValues.nested(call.value("values"))
            let shape = try call.isSet("shape") ? call.ints("shape") : dims
            return [TensorValues.value(try Tensor.from(values, shape))]
        }
    }

    private static func filled(_ name: String, _ number: Float) -> LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.\(name)", doc: "A tensor of \(name).", parameters: [shapeField], returns: tensorResult,
            example: "return rho.tensor.\(name) { 2, 3 }"
        ) { call in
            [TensorValues.value(try Tensor.full(call.ints("shape"), number))]
        }
    }

    private static var full: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.full", doc: "A tensor that holds one number everywhere.",
            parameters: [shapeField, LuaField("value", .number(), required: true, doc: "the number")],
            returns: tensorResult
        ) { call in
            [TensorValues.value(try Tensor.full(call.ints("shape"), Float(call.double("value"))))]
        }
    }

    private static var arange: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.arange", doc: "The numbers 1, 2, ... n.",
            parameters: [LuaField("n", .integer(min: 0, max: 1 << 24), required: true, doc: "how many")],
            returns: tensorResult
        ) { call in
            let n = try call.int("n")
            return [TensorValues.value(try Tensor.from((0..<n).map { Float($0 + 1) }, [n]))]
        }
    }

    private static let streamField = LuaField(
        "stream", .object("RandomStream"), required: true, doc: "where the numbers come from; it moves on")
    private static let uniformRecord = LuaRecord(
        "UniformOptions",
        [
            LuaField("shape", .list(.integer(min: 0)), required: true, doc: "sizes, outermost first"), streamField,
            LuaField("low", .number(), default: 0, doc: "smallest value"),
            LuaField("high", .number(), default: 1, doc: "bound from above"),
        ])
    private static let normalRecord = LuaRecord(
        "NormalOptions",
        [
            LuaField("shape", .list(.integer(min: 0)), required: true, doc: "sizes, outermost first"), streamField,
            LuaField("mean", .number(), default: 0, doc: "mean"),
            LuaField("std", .number(min: 0), default: 1, doc: "standard deviation"),
        ])

    private static var uniform: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.uniform", doc: "Independent draws from [low, high).",
            parameters: [LuaField("options", .options(uniformRecord.name), required: true, doc: "shape and stream")],
            returns: tensorResult
        ) { call in
            let options = try call.options("options")
            let box = try options.object("stream", as: StreamBox.self)
            return [
                TensorValues.value(
                    try Tensor.uniform(
                        options.ints("shape"), low: Float(options.double("low")), high: Float(options.double("high")),
                        stream: &box.stream))
            ]
        }
    }

    private static var normal: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.normal", doc: "Independent draws from a normal distribution.",
            parameters: [LuaField("options", .options(normalRecord.name), required: true, doc: "shape and stream")],
            returns: tensorResult
        ) { call in
            let options = try call.options("options")
            let box = try options.object("stream", as: StreamBox.self)
            return [
                TensorValues.value(
                    try Tensor.normal(
                        options.ints("shape"), mean: Float(options.double("mean")),
                        deviation: Float(options.double("std")),
                        stream: &box.stream))
            ]
        }
    }

    private static var concat: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.concat", doc: "Tensors joined along a dimension.",
            parameters: [
                LuaField("parts", .list(.object("Tensor")), required: true, doc: "the tensors"),
                LuaField("dim", .integer(), default: 1, doc: "dimension that grows"),
            ], returns: tensorResult
        ) { call in
            let parts = try call.list("parts").compactMap { $0.object(as: Tensor.self) }
            guard let first = parts.first else { throw RhoError(.value, "concat needs at least one tensor") }
            let axis = try TensorValues.axis(call.int("dim"), first.shape, "concat") ?? 0
            return [TensorValues.value(try Tensor.concat(parts, axis: axis))]
        }
    }

    private static var select: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.tensor.where", doc: "a where the condition is not 0, else b.",
            parameters: [
                LuaField("condition", .object("Tensor"), required: true, doc: "0 or 1, as comparisons give"),
                LuaField("a", TensorValues.operand, required: true, doc: "taken where it holds"),
                LuaField("b", TensorValues.operand, required: true, doc: "taken elsewhere"),
            ], returns: tensorResult,
            example: "local t = rho.tensor.from { -1, 2 }; return rho.tensor.where(t:gt(0), t, 0)"
        ) { call in
            let condition = try call.object("condition", as: Tensor.self)
            let (a, b) = (try TensorValues.tensor(call.value("a"), "a"), try TensorValues.tensor(call.value("b"), "b"))
            return [TensorValues.value(try Tensor.select(condition, a, b))]
        }
    }

    private static func pair(_ function: BinaryFunction) -> LuaFunctionDeclaration {
        let name = function == .max ? "maximum" : "minimum"
        return LuaFunctionDeclaration(
            "rho.tensor.\(name)",
            doc: "The \(function == .max ? "larger" : "smaller") of two values, element by element.",
            parameters: [
                LuaField("a", TensorValues.operand, required: true, doc: "tensor or number"),
                LuaField("b", TensorValues.operand, required: true, doc: "tensor or number"),
            ], returns: tensorResult
        ) { call in
            let (a, b) = (try TensorValues.tensor(call.value("a"), "a"), try TensorValues.tensor(call.value("b"), "b"))
            return [TensorValues.value(try a.binary(function, b))]
        }
    }
}
