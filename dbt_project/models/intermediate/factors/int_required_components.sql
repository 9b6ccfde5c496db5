-- One row per flow and component that must have a factor, with its place in the inventory.

{{ config(materialized='table') }}

with flows as (

    select * from {{ ref('stg_company__flows') }}

),

flow_kinds as (

    select * from {{ ref('flow_kinds') }}

),

categories as (

    select * from {{ ref('ghg_categories') }}

)

select
    flows.flow_id,
    flow_kinds.component,
    flow_kinds.ghg_category,
    categories.ghg_scope,
    categories.scope3_category
from flows
inner join flow_kinds
    on flows.flow_kind = flow_kinds.flow_kind
left join categories
    on flow_kinds.ghg_category = categories.ghg_category
where
    ';' || replace(flows.components, ' ', '') || ';'
    like '%;' || flow_kinds.component || ';%'
