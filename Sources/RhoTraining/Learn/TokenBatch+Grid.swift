import RhoCore
import RhoData
import RhoTensor

extension TokenBatch {
    /// What a model reads.
    public func grid() throws(RhoError) -> TokenGrid {
        try TokenGrid(batch: rowCount, tokens: width, ids: ids, segmentStart: segmentStart)
    }
}
