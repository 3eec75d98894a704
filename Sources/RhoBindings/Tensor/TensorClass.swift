import LuaRuntime
import RhoCore
import RhoTensor

/// Class `Tensor`.
enum TensorClass {
    static var declaration: LuaClassDeclaration<Tensor> {
        LuaClassDeclaration(
            "Tensor",
            doc: """
                Numbers in up to four dimensions. Values never change; operators and methods make new tensors, which \
                remember how they were made where a gradient is wanted.
                """,
            methods: elementwise + comparisons + TensorReductions.methods + TensorArrangement.methods
                + TensorAccess.methods
                + TensorGradient.methods,
            operators: operators, describe: { $0.description }, byteCount: { $0.byteCount })
    }

    static let result = [LuaResult(.object("Tensor"), "the result")]

    private static let unaryDocs: [(UnaryFunction, String)] = [
        (.exp, "e^x"), (.log, "the natural logarithm of x"), (.sqrt, "the square root of x"), (.abs, "|x|"),
        (.relu, "x where x > 0, else 0"), (.sigmoid, "1 / (1 + e^-x)"), (.tanh, "the hyperbolic tangent of x"),
        (.silu, "x / (1 + e^-x)"), (.square, "x * x"), (.reciprocal, "1 / x"), (.neg, "-x"),
        (.sign, "-1, 0 or 1"), (.floor, "the largest whole number <= x"),
    ]

    private static var elementwise: [LuaMethod<Tensor>] {
        let unaries = unaryDocs.map { function, doc in
            LuaMethod<Tensor>(function.rawValue, doc: "Each element x as \(doc).", returns: result) { tensor, _ in
                [TensorValues.value(try tensor.unary(function))]
            }
        }
        let clamp = LuaMethod<Tensor>(
            "clamp", doc: "Each element limited to [low, high].",
            parameters: [
                LuaField("low", .number(), doc: "smallest value (default: none)"),
                LuaField("high", .number(), doc: "largest value (default: none)"),
            ], returns: result, example: "return rho.tensor.from({ -1, 5 }):clamp(0, 3)"
        ) { tensor, call in
            let low = try call.optionalDouble("low").map { Float($0) } ?? -.infinity
            let high = try call.optionalDouble("high").map { Float($0) } ?? .infinity
            return [TensorValues.value(try tensor.clamp(low: low, high: high))]
        }
        let pow = binaryMethod("pow", .pow, "Each element to the power x.")
        return unaries + [
            clamp, pow, binaryMethod("max_with", .max, "The larger of each element and x."),
            binaryMethod("min_with", .min, "The smaller of each element and x."),
        ]
    }

    private static func binaryMethod(_ name: String, _ function: BinaryFunction, _ doc: String) -> LuaMethod<Tensor> {
        LuaMethod(
            name, doc: doc, parameters: [LuaField("x", TensorValues.operand, required: true, doc: "tensor or number")],
            returns: result
        ) { tensor, call in
            [TensorValues.value(try tensor.binary(function, TensorValues.tensor(call.value("x"), "x")))]
        }
    }

    private static var comparisons: [LuaMethod<Tensor>] {
        let docs: [(BinaryFunction, String)] = [
            (.gt, ">"), (.ge, ">="), (.lt, "<"), (.le, "<="), (.eq, "=="), (.ne, "~="),
        ]
        return docs.map { function, sign in
            binaryMethod(function.rawValue, function, "1 where an element \(sign) x, else 0; carries no gradient.")
        } + [
            LuaMethod("isnan", doc: "1 where an element is not a number, else 0.", returns: result) { tensor, _ in
                [TensorValues.value(try tensor.detach().binary(.ne, tensor.detach()))]
            }
        ]
    }

    private static var operators: [LuaOperatorDeclaration] {
        let pairs: [(LuaOperator, BinaryFunction)] = [
            (.add, .add), (.sub, .sub), (.mul, .mul), (.div, .div), (.pow, .pow),
        ]
        return pairs.map { op, function in
            LuaOperatorDeclaration(op, operand: .number(), doc: "Element by element; shapes broadcast.") { call in
                let a = try TensorValues.tensor(call.value("a"), "left operand")
                let b = try TensorValues.tensor(call.value("b"), "right operand")
                return [TensorValues.value(try a.binary(function, b))]
            }
        } + [
            LuaOperatorDeclaration(.unm, doc: "Each element with its sign turned.") { call in
                [TensorValues.value(try call.object("a", as: Tensor.self).unary(.neg))]
            },
            LuaOperatorDeclaration(.len, doc: "Size of the first dimension.") { call in
                let shape = try call.object("a", as: Tensor.self).shape
                return [.integer(shape.rank == 0 ? 1 : shape[0])]
            },
        ]
    }
}
