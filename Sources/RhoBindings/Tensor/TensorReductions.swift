import LuaRuntime
import RhoCore
import RhoTensor

/// Methods that take many elements together.
enum TensorReductions {
    static var methods: [LuaMethod<Tensor>] {
        [
            reduction("sum", "Sum of the elements.") { try $0.sum($1) },
            reduction("mean", "Mean of the elements.") { try $0.mean($1) },
            reduction("max", "Largest element.") { try $0.max($1) },
            reduction("min", "Smallest element.") { try $0.min($1) },
            LuaMethod("softmax", doc: "e^x / sum of e^x over the innermost dimension.", returns: TensorClass.result) {
                tensor, _ in
                [TensorValues.value(try tensor.softmax())]
            },
            LuaMethod(
                "log_softmax", doc: "Logarithm of softmax over the innermost dimension.", returns: TensorClass.result
            ) { tensor, _ in
                [TensorValues.value(try tensor.logSoftmax())]
            },
            LuaMethod(
                "cumsum", doc: "Running sum along the innermost dimension; carries no gradient.",
                returns: TensorClass.result
            ) { tensor, _ in
                [TensorValues.value(try tensor.cumsum())]
            },
            matmul, sort, topk, quantile,
        ]
    }

    private static func reduction(
        _ name: String, _ doc: String, _ reduce: @escaping (Tensor, Int?) throws -> Tensor
    ) -> LuaMethod<Tensor> {
        LuaMethod(
            name, doc: "\(doc) Over all of them, or along one dimension.",
            parameters: [LuaField("dim", .integer(), doc: "dimension that goes, from 1; negative from the innermost")],
            returns: TensorClass.result, example: "return rho.tensor.from({ {1, 2}, {3, 4} }):\(name)(2)"
        ) { tensor, call in
            [TensorValues.value(try reduce(tensor, TensorValues.axis(call.optionalInt("dim"), tensor.shape, name)))]
        }
    }

    private static var matmul: LuaMethod<Tensor> {
        LuaMethod(
            "matmul", doc: "Matrix product: (M, K) by (K, N), or batches of them.",
            parameters: [LuaField("other", .object("Tensor"), required: true, doc: "right factor")],
            returns: TensorClass.result
        ) { tensor, call in
            [TensorValues.value(try tensor.matmul(call.object("other", as: Tensor.self)))]
        }
    }

    private static var sort: LuaMethod<Tensor> {
        LuaMethod(
            "sort",
            doc:
                "The innermost dimension in order, and the index (from 1) each value had; NaN comes last. Carries no gradient.",
            parameters: [LuaField("descending", .boolean, default: false, doc: "largest first")],
            returns: [LuaResult(.object("Tensor"), "values"), LuaResult(.object("Tensor"), "indices")]
        ) { tensor, call in
            try ordered(tensor.sort(descending: call.bool("descending")))
        }
    }

    private static var topk: LuaMethod<Tensor> {
        LuaMethod(
            "topk",
            doc:
                "The k largest values of the innermost dimension, largest first, and their indices (from 1). Carries no gradient.",
            parameters: [LuaField("k", .integer(min: 0), required: true, doc: "how many")],
            returns: [LuaResult(.object("Tensor"), "values"), LuaResult(.object("Tensor"), "indices")]
        ) { tensor, call in
            try ordered(tensor.topk(call.int("k")))
        }
    }

    private static func ordered(_ pair: (values: Tensor, indices: Tensor)) throws -> [LuaValue] {
        [TensorValues.value(pair.values), TensorValues.value(try pair.indices.binary(.add, 1))]
    }

    private static var quantile: LuaMethod<Tensor> {
        LuaMethod(
            "quantile",
            doc: "The value below which the share q of all elements lies, between neighbours by straight lines.",
            parameters: [LuaField("q", .number(min: 0, max: 1), required: true, doc: "share")],
            returns: [LuaResult(.number(), "the value")]
        ) { tensor, call in
            [.number(Double(try tensor.quantile(call.double("q"))))]
        }
    }
}
