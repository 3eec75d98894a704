import LuaRuntime
import RhoCore
import RhoTensor

/// Methods that look at a tensor's shape and numbers.
enum TensorAccess {
    static var methods: [LuaMethod<Tensor>] { [shape, size, item, get, totable, describe] }

    private static var shape: LuaMethod<Tensor> {
        LuaMethod(
            "shape", doc: "Sizes of the dimensions, outermost first.", returns: [LuaResult(.list(.integer()), "sizes")]
        ) { tensor, _ in
            [.list(tensor.shape.dims)]
        }
    }

    private static var size: LuaMethod<Tensor> {
        LuaMethod(
            "size", doc: "Number of elements, or the size of one dimension.",
            parameters: [LuaField("dim", .integer(), doc: "dimension, from 1; negative from the innermost")],
            returns: [LuaResult(.integer(), "the size")]
        ) { tensor, call in
            let axis = try TensorValues.axis(call.optionalInt("dim"), tensor.shape, "size")
            return [.integer(axis.map { tensor.shape[$0] } ?? tensor.count)]
        }
    }

    private static var item: LuaMethod<Tensor> {
        LuaMethod("item", doc: "The number of a tensor that holds one.", returns: [LuaResult(.number(), "the number")])
        { tensor, _ in
            [.number(Double(try tensor.item()))]
        }
    }

    private static var get: LuaMethod<Tensor> {
        LuaMethod(
            "get", doc: "One element, for looking at: slow in loops.", returns: [LuaResult(.number(), "the number")],
            example: "return rho.tensor.from({ {1, 2}, {3, 4} }):get(2, 1)", variadic: true
        ) { tensor, call in
            let shape = tensor.shape
            guard call.rest.count == shape.rank else {
                throw RhoError(.shape, "get: shape \(shape) needs \(shape.rank) indices, got \(call.rest.count)")
            }
            var place = 0
            for (axis, value) in call.rest.enumerated() {
                guard let index = value.intValue, index >= 1, index <= shape[axis] else {
                    throw RhoError(
                        .value, "get: index \(axis + 1) must be in 1 ... \(shape[axis]), got \(value.display)")
                }
                place = place * shape[axis] + index - 1
            }
            return [.number(Double(try tensor.read(place..<place + 1).first ?? .nan))]
        }
    }

    private static var totable: LuaMethod<Tensor> {
        LuaMethod(
            "totable",
            doc:
                "All numbers as nested lists. Slow for large tensors: whole-tensor methods do the same work in the engine.",
            returns: [LuaResult(.any, "lists nested as deep as the tensor has dimensions; a number for rank 0")]
        ) { tensor, _ in
            [TensorValues.lists(tensor.toArray()[...], tensor.shape.dims[...])]
        }
    }

    private static var describe: LuaMethod<Tensor> {
        LuaMethod("describe", doc: "Shape, extremes and mean.", returns: [LuaResult(.table, "the table")]) {
            tensor, _ in
            let values = tensor.toArray()
            let finite = values.filter(\.isFinite)
            let sum = finite.reduce(0.0) { $0 + Double($1) }
            return [
                .record([
                    ("shape", .list(tensor.shape.dims)), ("bytes", .integer(tensor.byteCount)),
                    ("mean", .number(finite.isEmpty ? .nan : sum / Double(finite.count))),
                    ("min", .number(Double(finite.min() ?? .nan))), ("max", .number(Double(finite.max() ?? .nan))),
                    ("not_finite", .integer(values.count - finite.count)),
                    ("tracks_gradient", .boolean(tensor.tracksGradient)),
                ])
            ]
        }
    }
}
