/// The one list of ops. A test compares it with the files in Ops/ and runs every sample of every entry.
package enum OpCatalog {
    /// Every op type, in the order of the alphabet.
    package static var all: [any Op.Type] {
        [
            AttentionOp.self,
            BinaryOp.self,
            ClampOp.self,
            ConcatOp.self,
            DropoutOp.self,
            EmbeddingOp.self,
            GELULinearOp.self,
            GatherOp.self,
            LinearOp.self,
            MatMulOp.self,
            MaxOp.self,
            NormLinearOp.self,
            NormOp.self,
            ReshapeOp.self,
            RowsOp.self,
            SliceOp.self,
            SoftmaxOp.self,
            SumOp.self,
            SwiGLULinearOp.self,
            TokenLossOp.self,
            TransposeOp.self,
            UnaryOp.self,
            WhereOp.self,
        ]
    }
}
