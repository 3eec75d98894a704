import RhoCore
import RhoTensor

extension Llama {
    /// One layer whose matrices are adapted: the same arithmetic in smaller steps, since the adapters read what the fused
    /// steps do not keep.
    func adaptedLayer(
        _ index: Int, _ x_ND: Tensor, _ attention: any AttentionPath, _ drop: Dropping, _ adapters: LoRALayer
    ) throws(RhoError) -> Tensor {
        let layer = layers[index]
        let rows = try Fused.norm(x_ND, norm(layer.inputNorm))
        let qkv = try LoRALayer.add(adapters.qkv, to: Fused.linear(rows, layer.qkv, bias: layer.qkvBias), rows)
        let mixed = try attention.attend(headNormed(qkv, layer), layer: index)
        let h_ND = try drop.add(x_ND, site: 2 * index + 1) { (residual) throws(RhoError) in
            let y = try Fused.linear(mixed, layer.attentionOut, residual: residual)
            return try adapters.attentionOut?.add(to: y, mixed) ?? y
        }
        let middle = try Fused.norm(h_ND, norm(layer.middleNorm))
        let gu = try LoRALayer.add(adapters.gateUp, to: Fused.linear(middle, layer.gateUp), middle)
        return try drop.add(h_ND, site: 2 * index + 2) { (residual) throws(RhoError) in
            let y = try Fused.swigluLinear(gu, layer.down, residual: residual)
            guard let down = adapters.down else { return y }
            let width = config.ffWidth
            let product = try gu.slice(1, start: 0, count: width).unary(.silu)
                .mul(gu.slice(1, start: width, count: width))
            return try down.add(to: y, product)
        }
    }
}
