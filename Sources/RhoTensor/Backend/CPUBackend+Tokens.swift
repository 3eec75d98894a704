import RhoCore
import RhoKernels

extension CPUBackend {
    package func rotate(
        _ x: Buffer, heads: Int, headWidth: Int, tokens: Int, table: RoPETable, positions: [Int32]?, inverse: Bool
    ) {
        guard x.count > 0, table.width > 0 else { return }
        withIDs(positions) { pointer in
            ropeRotate(
                x.floats, rows: x.rows, rowStride: x.width, heads: heads, headWidth: headWidth,
                tokens: tokens, table.cosines.reading, table.sines.reading, rotaryWidth: table.width,
                positions: pointer, inverse: inverse)
        }
    }

    package func attention(
        _ out: Buffer, lse: Buffer, _ qkv: Buffer, _ layout: AttentionLayout, rope: RoPETable?
    ) {
        withIDs(layout.segmentStart) { starts in
            attentionForward(
                out.floats, lse.floats, qkv.reading, batch: layout.batch, tokens: layout.tokens, heads: layout.heads,
                kvHeads: layout.kvHeads, headWidth: layout.headWidth, window: layout.window, scale: layout.scale,
                segmentStart: starts, rotation: rope?.rotation)
        }
    }

    package func attentionBackward(
        _ dqkv: Buffer, _ dout: Buffer, _ out: Buffer, lse: Buffer, _ qkv: Buffer, _ layout: AttentionLayout,
        rope: RoPETable?
    ) {
        withIDs(layout.segmentStart) { starts in
            RhoKernels.attentionBackward(
                dqkv.floats, dout.reading, out.reading, lse.reading, qkv.reading, batch: layout.batch,
                tokens: layout.tokens, heads: layout.heads, kvHeads: layout.kvHeads, headWidth: layout.headWidth,
                window: layout.window, scale: layout.scale, segmentStart: starts, rotation: rope?.rotation)
        }
    }

    package func attentionCached(
        _ out: Buffer, keys: Buffer, values: Buffer, _ qkv: Buffer, slots: [Int32], positions: [Int32], capacity: Int,
        _ layout: AttentionLayout
    ) {
        withIDs(slots) { slot in
            withIDs(positions) { position in
                RhoKernels.attentionCached(
                    out.floats, qkv.reading, keys: keys.floats, values: values.floats, rows: qkv.rows, slot: slot,
                    position: position, capacity: capacity, heads: layout.heads, kvHeads: layout.kvHeads,
                    headWidth: layout.headWidth, window: layout.window, scale: layout.scale)
            }
        }
    }

    package func embedding(_ y: Buffer, _ table: Buffer, _ ids: [Int32]) {
        guard y.count > 0 else { return }
        withIDs(ids) { table.weightRows.gather(y.floats, $0, rows: ids.count, width: y.width) }
    }

    package func embeddingBackward(_ dtable: Buffer, _ dy: Buffer, _ ids: [Int32]) {
        guard dy.count > 0 else { return }
        withIDs(ids) {
            RhoKernels.embeddingBackward(
                dtable.floats, dy.reading, $0, rows: ids.count, width: dy.width, vocab: dtable.shape[0])
        }
    }

    package func tokenLoss(
        _ loss: Buffer, lse_N lse: Buffer, entropy_N entropy: Buffer?, margin_N margin: Buffer?, _ hidden: Buffer,
        _ head: Buffer, _ targets: [Int32]
    ) {
        guard head.count > 0 else { return fill(loss, 0) }
        withIDs(targets) {
            tokenLossForward(
                loss.floats, lse.floats, hidden.reading, head.weightRows, $0, rows: hidden.rows, width: hidden.width,
                vocab: head.rows, extras: TokenLossExtras(entropy: entropy?.floats, margin: margin?.floats))
        }
    }

    package func tokenLossGradients(
        _ loss: Buffer, lse_N lse: Buffer, entropy_N entropy: Buffer?, margin_N margin: Buffer?, _ dhidden: Buffer,
        _ dhead: Buffer?, _ hidden: Buffer, _ head: Buffer, _ targets: [Int32]
    ) {
        withIDs(targets) {
            RhoKernels.tokenLossGradients(
                loss.floats, lse.floats, dhidden.floats, dhead?.floats, hidden.reading, head.reading, $0,
                rows: hidden.rows, width: hidden.width, vocab: head.rows,
                extras: TokenLossExtras(entropy: entropy?.floats, margin: margin?.floats))
        }
    }

    package func tokenLossBackward(
        _ dhidden: Buffer, _ dhead: Buffer?, _ hidden: Buffer, _ head: Buffer, _ targets: [Int32], lse_N lse: Buffer,
        weight_N weight: Buffer, accumulate: Bool, accumulateHead: Bool
    ) {
        withIDs(targets) {
            RhoKernels.tokenLossBackward(
                dhidden.floats, dhead?.floats, hidden.reading, head.reading, $0, lse.reading, weight.reading,
                rows: hidden.rows, width: hidden.width, vocab: head.rows, accumulate: accumulate,
                accumulateHead: accumulateHead)
        }
    }
}

extension RoPETable {
    fileprivate var rotation: Rotation { Rotation(cosines: cosines.reading, sines: sines.reading, width: width) }
}
