"""One KPI over time, from the Parquet files that rollcall publishes.

    pip install streamlit pandas pyarrow
    streamlit run docs/bi/community.py -- DATA/published/parquet

The files are replaced by rename at each publication, so that a page that reads
them again on every refresh never meets half of one.
"""

import sys
from pathlib import Path

import altair as alt
import pandas as pd
import streamlit as st

FORMATS = {"ratio": ".1%", "count": ",.0f"}


def read(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "kpi" / f"{table}.parquet")


def line(values: pd.DataFrame, unit: str) -> alt.LayerChart:
    """The value over time with its 95 % interval; open periods are hollow."""
    form = FORMATS.get(unit, ",.2f")
    base = alt.Chart(values).encode(x=alt.X("period_start:T", title=None))
    return (
        base.mark_area(opacity=0.15).encode(y="ci_low:Q", y2="ci_high:Q")
        + base.mark_line().encode(y=alt.Y("value:Q", title=None if unit == "ratio" else unit, axis=alt.Axis(format=form)))
        + base.mark_point(size=40).encode(
            y="value:Q",
            fill=alt.condition("datum.is_partial", alt.value("white"), alt.value("#4c78a8")),
            tooltip=["period_start:T", alt.Tooltip("value:Q", format=form), "n:Q", "status:N"],
        )
    )


def main(folder: Path) -> None:
    st.set_page_config(page_title="Community KPIs", layout="wide")
    dictionary = read(folder, "dictionary")
    values = read(folder, "value")
    configured = dictionary[dictionary["is_current"] & (dictionary["status"] == "configured")].sort_values(["category", "name"])

    names, asked = list(configured["name"]), st.query_params  # ?kpi=ID&segment=TYPE opens the page on one
    ids = list(configured["kpi_id"])
    name = st.sidebar.selectbox("KPI", names, index=ids.index(asked["kpi"]) if asked.get("kpi") in ids else 0)
    kpi = configured[configured["name"] == name].iloc[0]
    grains = [g for g in kpi["grains"].split(",") if g != "day"]
    grain = st.sidebar.radio("Period", grains, index=grains.index("month") if "month" in grains else 0)
    mine = values[(values["kpi_id"] == kpi["kpi_id"]) & (values["grain"] == grain)]
    segments = ["all", *sorted(set(mine["segment_type"]) - {"all"})]
    wanted = asked.get("segment")
    segment = st.sidebar.selectbox("Segment", segments, index=segments.index(wanted) if wanted in segments else 0)

    st.title(kpi["name"])
    st.write(kpi["definition"])
    whole = mine[mine["segment_type"] == "all"].sort_values("period_start")
    st.altair_chart(line(whole, kpi["unit"]), width="stretch")
    if segment != "all":
        table = mine[mine["segment_type"] == segment].pivot(
            index="period_start", columns="segment_value", values="value"
        )
        st.dataframe(table.sort_index(ascending=False), width="stretch")
    st.caption(f"Formula: {kpi['formula']} · source: {kpi['data_source']} · owner: {kpi['owner']} · {kpi['cadence']}")


main(Path(sys.argv[1]))
