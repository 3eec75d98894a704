import LuaRuntime
import RhoCore
import RhoTensor

/// Methods of automatic differentiation, and `rho.no_grad`.
enum TensorGradient {
    static var methods: [LuaMethod<Tensor>] {
        [
            LuaMethod("detach", doc: "The same numbers without their history.", returns: TensorClass.result) {
                tensor, _ in
                [TensorValues.value(tensor.detach())]
            },
            LuaMethod("clone", doc: "A copy of the numbers without their history.", returns: TensorClass.result) {
                tensor, _ in
                [TensorValues.value(try tensor.clone())]
            },
            LuaMethod(
                "backward",
                doc:
                    "Adds the gradient of this number to every parameter it was computed from. The history is used up.",
                parameters: [
                    LuaField("gradient", .object("Tensor"), doc: "starts from this instead of 1; of the tensor's shape")
                ],
                example:
                    "local x = rho.tensor.from({ 1, 2 }):requires_grad(true); x:square():sum():backward(); return x:grad()"
            ) { tensor, call in
                try tensor.backward(gradient: call.optionalObject("gradient", as: Tensor.self))
                return []
            },
            LuaMethod(
                "grad", doc: "The gradient collected so far, or nil.",
                returns: [LuaResult(.object("Tensor"), "gradient of the tensor's shape")]
            ) { tensor, _ in
                [try tensor.grad.map { TensorValues.value(try $0.clone()) } ?? .nil]
            },
            LuaMethod("zero_grad", doc: "Forgets the gradient collected so far.") { tensor, _ in
                tensor.grad = nil
                return []
            },
            LuaMethod(
                "requires_grad",
                doc:
                    "With an argument: whether gradients are collected here; returns the tensor. Without: whether they are.",
                parameters: [LuaField("collect", .boolean, doc: "collect gradients")],
                returns: [LuaResult(.any, "the tensor, or a boolean")]
            ) { tensor, call in
                guard let collect = try call.optionalBool("collect") else { return [.boolean(tensor.tracksGradient)] }
                tensor.requiresGrad = collect
                return [TensorValues.value(tensor)]
            },
        ]
    }

    static var withGrad: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.with_grad",
            doc:
                "Calls fn(...) recording history, also where a policy or rho.no_grad had switched it off: for training another model on the side.",
            parameters: [LuaField("fn", .function, required: true, doc: "the function")],
            returns: [LuaResult(.any, "what fn returns")], example: "return rho.with_grad(function() return 1 end)",
            variadic: true
        ) { call in
            let function = try call.function("fn")
            return try Autograd.withGrad(rethrowing: { try function.call(call.rest) })
        }
    }

    static var noGrad: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.no_grad", doc: "Calls fn(...) without recording history: for evaluation and for weights.",
            parameters: [LuaField("fn", .function, required: true, doc: "the function")],
            returns: [LuaResult(.any, "what fn returns")], example: "return rho.no_grad(function() return 1 end)",
            variadic: true
        ) { call in
            let function = try call.function("fn")
            return try Autograd.withoutGrad(rethrowing: { try function.call(call.rest) })
        }
    }
}
