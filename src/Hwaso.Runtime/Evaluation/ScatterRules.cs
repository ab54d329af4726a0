using Hwaso.Runtime.Core;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Writes elements to given places of a copy.</summary>
static class ScatterRules
{
    public static Rule? Read(NodeAttributes a)
    {
        switch (a.Node.Type)
        {
            case "Scatter" or "ScatterElements":
                var (axis, reduction) = (a.Int("axis", 0), a.Text("reduction", "none"));
                return c => [Elements(c, c.Axis(axis, c[0].Rank), reduction)];
            case "ScatterND":
                var reduced = a.Text("reduction", "none");
                return c => [Nd(c, reduced)];
            case "TensorScatter":
                var (along, mode) = (a.Int("axis", -2), a.Text("mode", "linear"));
                return c => [Cache(c, c.Axis(along, c[0].Rank), mode == "circular")];
            default:
                return null;
        }
    }

    static Value Elements(Call c, int axis, string reduction)
    {
        var (to, indices, updates) = (c[0].Copy(), c[1], c[2]);
        if (indices.Rank != to.Rank || updates.Count != indices.Count || updates.Type != to.Type)
            throw c.Refuse($"indices {indices} and updates {updates} do not fit {to}");
        var dense = Strides.Dense(to.Shape);
        var index = new int[to.Rank];
        for (var k = 0; k < indices.Count; k++)
        {
            var at = 0;
            for (var d = 0; d < index.Length; d++)
                at += dense[d] * (d == axis ? SelectionRules.Index(c, indices.Ints[k], to.Shape[d])
                    : SelectionRules.Index(c, index[d], to.Shape[d]));
            Put(c, to, at, updates, k, reduction);
            for (var d = index.Length - 1; d >= 0 && ++index[d] == indices.Shape[d]; d--)
                index[d] = 0;
        }
        return to;
    }

    static Value Nd(Call c, string reduction)
    {
        var (to, indices, updates) = (c[0].Copy(), c[1], c[2]);
        var last = indices.Shape[^1];
        if (last > to.Rank || updates.Type != to.Type)
            throw c.Refuse($"indices {indices} and updates {updates} do not fit {to}");
        var (dense, inner) = (Strides.Dense(to.Shape), Value.Product(to.Shape.AsSpan(last)));
        var tuples = indices.Count / Math.Max(last, 1);
        if (updates.Count != tuples * inner)
            throw c.Refuse($"updates {updates} do not fit indices {indices} of {to}");
        for (var k = 0; k < tuples; k++)
        {
            var at = 0;
            for (var d = 0; d < last; d++)
                at += SelectionRules.Index(c, indices.Ints[(k * last) + d], to.Shape[d]) * dense[d];
            for (var j = 0; j < inner; j++)
                Put(c, to, at + j, updates, (k * inner) + j, reduction);
        }
        return to;
    }

    // A cache of past keys or values: each batch's new rows are written from its own position on.
    static Value Cache(Call c, int axis, bool circular)
    {
        var (to, updates) = (c[0].Copy(), c[1]);
        var positions = c.Has(2) ? c.Ints(2, "positions") : new long[to.Shape[0]];
        var dense = Strides.Dense(to.Shape);
        var index = new int[to.Rank];
        for (var k = 0; k < updates.Count; k++)
        {
            var at = 0;
            for (var d = 0; d < index.Length; d++)
            {
                var place = d == axis ? index[d] + positions[index[0]] : index[d];
                at += dense[d] * SelectionRules.Index(c, d == axis && circular ? place % to.Shape[d] : place, to.Shape[d]);
            }
            to.Set(at, updates, k);
            for (var d = index.Length - 1; d >= 0 && ++index[d] == updates.Shape[d]; d--)
                index[d] = 0;
        }
        return to;
    }

    static void Put(Call c, Value to, int at, Value from, int source, string reduction)
    {
        if (reduction == "none")
            to.Set(at, from, source);
        else if (to.IsReal)
        {
            var (old, update) = (to[at], from[source]);
            var value = reduction switch
            {
                "add" => old + update,
                "mul" => old * update,
                "max" => Math.Max(old, update),
                "min" => Math.Min(old, update),
                _ => throw c.Refuse($"reduction {reduction} is not supported"),
            };
            if (to.IsSingle)
                to.Floats[at] = (float)value;
            else
                to.Doubles[at] = value;
        }
        else
            to.Ints[at] = unchecked(reduction switch
            {
                "add" => to.Ints[at] + from.Ints[source],
                "mul" => to.Ints[at] * from.Ints[source],
                "max" => Math.Max(to.Ints[at], from.Ints[source]),
                "min" => Math.Min(to.Ints[at], from.Ints[source]),
                _ => throw c.Refuse($"reduction {reduction} is not supported"),
            });
    }
}
